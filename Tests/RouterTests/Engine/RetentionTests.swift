import ModuleKit
import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Event Retention".
@Suite struct RetentionTests {
    var realm = Transcript()

    @Test mutating func `a subscriber that asks for it gets the last retained event after SUBSCRIBED`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send(
            "ann",
            #"[16, 1, {"retain": true}, "com.x", [1]]\#n[16, 2, {"retain": true}, "com.x", [2], {"k": 3}]\#n[16, 3, {}, "com.x", [9]]"#
        )
        try realm.send("bob", #"[32, 1, {"get_retained": true}, "com.x"]"#)
        try realm.expect("bob", #"[33, 1, 1]\#n[36, 1, "*", {"retained": true}, [2], {"k": 3}]"#)
        // Whoever asks again is told again.
        try realm.send("bob", #"[32, 2, {"get_retained": true}, "com.x"]\#n[32, 3, {}, "com.x"]"#)
        try realm.expect("bob", #"[33, 2, 1]\#n[36, 1, "*", {"retained": true}, [2], {"k": 3}]\#n[33, 3, 1]"#)
    }

    @Test mutating func `without retain nothing is kept, without get_retained nothing is told`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("ann", #"[16, 1, {"retain": false}, "com.x"]\#n[16, 2, {"retain": true}, "com.y"]"#)
        try realm.send("bob", #"[32, 1, {"get_retained": true}, "com.x"]\#n[32, 2, {"get_retained": false}, "com.y"]"#)
        try realm.expect("bob", #"[33, 1, 1]\#n[33, 2, 2]"#)
    }

    @Test mutating func `the publication and its details are those of the first delivery`() throws {
        try realm.join("ann", role: "member", trustlevel: 3)
        for name in ["bob", "eve"] { try realm.join(name) }
        try realm.send("bob", #"[32, 1, {}, "com.x"]"#)
        try realm.send("ann", #"[16, 1, {"retain": true, "disclose_me": true, "acknowledge": true}, "com.x", ["v"]]"#)
        let published = try #require(realm.takeAll("ann").first)
        let live = try #require(realm.takeAll("bob").last)
        try realm.send("eve", #"[32, 1, {"get_retained": true}, "com.x"]"#)
        let retained = try #require(realm.takeAll("eve").last)
        #expect(live.list?[2] == published.list?[2] && retained.list?[2] == published.list?[2])
        #expect(
            retained.list?[3] == [
                "retained": true, "publisher": 1, "publisher_authid": "ann", "publisher_authrole": "member",
                "trustlevel": 3,
            ])
    }

    @Test mutating func `a pattern gets the retained event of every topic that it covers, in the order of publication`()
        throws
    {
        try realm.join("ann")
        try realm.join("bob")
        for (number, topic) in ["com.b.x", "com.a.x", "com.a", "org.x", "com.c.y", "com.b.x"].enumerated() {
            try realm.send("ann", #"[16, \#(number + 1), {"retain": true}, "\#(topic)", [\#(number)]]"#)
        }
        try realm.send("bob", #"[32, 1, {"get_retained": true, "match": "prefix"}, "com."]"#)
        try realm.expect(
            "bob",
            #"""
            [33, 1, 1]
            [36, 1, "*", {"topic": "com.a.x", "retained": true}, [1]]
            [36, 1, "*", {"topic": "com.a", "retained": true}, [2]]
            [36, 1, "*", {"topic": "com.c.y", "retained": true}, [4]]
            [36, 1, "*", {"topic": "com.b.x", "retained": true}, [5]]
            """#)
        try realm.send("bob", #"[32, 2, {"get_retained": true, "match": "wildcard"}, "com..x"]"#)
        try realm.expect(
            "bob",
            #"""
            [33, 2, 2]
            [36, 2, "*", {"topic": "com.a.x", "retained": true}, [1]]
            [36, 2, "*", {"topic": "com.b.x", "retained": true}, [5]]
            """#)
    }

    /// "The Broker MUST NOT send the Subscriber a Retained Event that they would not be eligible to receive".
    @Test(arguments: [
        (#""exclude": [2]"#, "3 4"), (#""exclude_authid": ["bob", "eve"]"#, "4"),
        (#""exclude_authrole": ["guest"]"#, "2 3"), (#""eligible": [3]"#, "3"), (#""eligible": []"#, ""),
        (#""eligible_authid": ["bob"]"#, "2"), (#""eligible_authrole": ["guest"]"#, "4"),
    ])
    mutating func `whoever the event was not for gets the one before`(_ options: String, _ receivers: String) throws {
        try realm.join("ann")
        let roles = ["bob": "member", "eve": "member", "joe": "guest"]
        for name in ["bob", "eve", "joe"] { try realm.join(name, role: roles[name] ?? "") }
        try realm.send("ann", #"[16, 1, {"retain": true}, "com.x", ["old"]]"#)
        try realm.send("ann", #"[16, 2, {"retain": true, \#(options)}, "com.x", ["new"]]"#)
        for (id, name) in [(2, "bob"), (3, "eve"), (4, "joe")] {
            try realm.send(name, #"[32, 1, {"get_retained": true}, "com.x"]"#)
            let word = receivers.contains("\(id)") ? "new" : "old"
            try realm.expect(name, #"[33, 1, 1]\#n[36, 1, "*", {"retained": true}, ["\#(word)"]]"#)
        }
    }

    @Test mutating func `the next event for everybody takes the place of those for some`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("ann", #"[16, 1, {"retain": true, "eligible_authid": ["bob"]}, "com.x", [1]]"#)
        try realm.send("ann", #"[16, 2, {"retain": true}, "com.x", [2]]"#)
        try realm.send("bob", #"[32, 1, {"get_retained": true}, "com.x"]"#)
        try realm.expect("bob", #"[33, 1, 1]\#n[36, 1, "*", {"retained": true}, [2]]"#)
        #expect(realm.engine.retained.all.count == 1)
    }

    @Test mutating func `events of limited distribution are few, and the same lists count once`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, {"retain": true}, "com.x"]"#)
        for number in 2...9 {
            try realm.send("ann", #"[16, \#(number), {"retain": true, "eligible_authid": ["bob"]}, "com.x"]"#)
        }
        #expect(realm.engine.retained.all.count == 2)
        for number in 10...99 {
            try realm.send("ann", #"[16, \#(number), {"retain": true, "eligible_authid": ["n\#(number)"]}, "com.x"]"#)
        }
        #expect(realm.engine.retained.all.count == 1 + RetainedEvents.supplementsMax)
        #expect(realm.engine.retained.all.first?.filter == nil)
    }

    @Test mutating func `its own event comes to a publisher only when it asked for that`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, {"retain": true}, "com.x"]"#)
        try realm.send("ann", #"[16, 2, {"retain": true, "exclude_me": false}, "com.y"]"#)
        try realm.send("ann", #"[32, 3, {"get_retained": true, "match": "prefix"}, "com."]"#)
        try realm.expect("ann", #"[33, 3, 1]\#n[36, 1, "*", {"topic": "com.y", "retained": true}]"#)
    }

    @Test(arguments: Serializer.allCases, Serializer.allCases)
    mutating func `a retained event keeps its meaning from serializer to serializer`(
        _ sender: Serializer, _ receiver: Serializer
    ) throws {
        try realm.join("ann", serializer: sender)
        try realm.join("bob", serializer: receiver)
        try realm.send("ann", #"[16, 1, {"retain": true}, "com.x", [1, "two", [3.5], null], {"k": {"n": -7}}]"#)
        try realm.send("ann", #"[16, 2, {"retain": true}, "com.y", [], {"k": 1}]"#)
        try realm.send("bob", #"[32, 1, {"get_retained": true, "match": "prefix"}, "com."]"#)
        try realm.expect(
            "bob",
            #"""
            [33, 1, 1]
            [36, 1, "*", {"topic": "com.x"}, [1, "two", [3.5], null], {"k": {"n": -7}}]
            [36, 1, "*", {"topic": "com.y"}, [], {"k": 1}]
            """#)
    }

    @Test mutating func `topics beyond the limit are not retained, and the others stay`() throws {
        var limits = RouterLimits()
        limits.retainedTopicsMax = 2
        realm = Transcript(limits: limits)
        try realm.join("ann")
        try realm.join("bob")
        for topic in ["com.a", "com.b", "com.c", "com.a"] {
            try realm.send("ann", #"[16, 1, {"retain": true}, "\#(topic)"]"#)
        }
        #expect(realm.engine.retained.all.map(\.topic.text) == ["com.b", "com.a"])
        #expect(realm.engine.counters.eventsNotKept == 1)
    }

    @Test mutating func `an event that has no room takes away the ones that it would have replaced`() throws {
        var limits = RouterLimits()
        limits.retainedBytesMax = 2000
        realm = Transcript(limits: limits)
        try realm.join("ann")
        let long = String(repeating: "x", count: 2000)
        try realm.send("ann", #"[16, 1, {"retain": true}, "com.a", [1]]\#n[16, 2, {"retain": true}, "com.b", [2]]"#)
        try realm.send("ann", #"[16, 3, {"retain": true}, "com.a", ["\#(long)"]]"#)
        #expect(realm.engine.retained.all.map(\.topic.text) == ["com.b"])
        try realm.send("ann", #"[16, 3, {"retain": true}, "com.a", [3]]"#)
        // Not longer than all that may be kept, but with what is there already.
        try realm.send("ann", #"[16, 3, {"retain": true}, "com.a", ["\#(long.prefix(1500))"]]"#)
        #expect(realm.engine.retained.all.map(\.topic.text) == ["com.b"])
        try realm.send("ann", #"[16, 4, {"retain": true}, "com.a", [4]]"#)
        #expect(realm.engine.retained.all.map(\.topic.text) == ["com.b", "com.a"])
        #expect(realm.engine.retained.byteCount == realm.engine.retained.all.reduce(0) { $0 + $1.byteCount })
    }

    @Test mutating func `whoever may publish to a topic may forget its retained event`() throws {
        try realm.join("ann")
        try realm.join("eve", permissions: Permissions([PermissionRule("", .prefix, allow: [.call, .subscribe])]))
        try realm.send("ann", #"[16, 1, {"retain": true}, "com.x"]"#)
        let call = #"[48, 2, {}, "wamp.topic.forget_retained", ["com.x"]]"#
        try realm.send("eve", call)
        try realm.expect("eve", #"[8, 48, 2, {}, "wamp.error.not_authorized", "*"]"#)
        try realm.send("ann", call + "\n" + call)
        try realm.expect("ann", #"[50, 2, {}, [1]]\#n[50, 2, {}, [0]]"#)
        try realm.send("eve", #"[32, 1, {"get_retained": true}, "com.x"]"#)
        try realm.expect("eve", #"[33, 1, 1]"#)
        #expect(realm.engine.retained.byteCount == 0)
    }

    @Test mutating func `what the router publishes itself is not retained`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("ann", #"[16, 1, {"retain": true}, "wamp.session.on_join"]"#)
        try realm.send("bob", #"[32, 1, {"get_retained": true, "match": "prefix"}, "wamp."]"#)
        try realm.leave("ann")
        #expect(realm.engine.retained.all.isEmpty)
    }

    @Test mutating func `refused publications are not retained`() throws {
        try realm.join("ann", permissions: Permissions([PermissionRule("", .prefix, allow: [.subscribe])]))
        try realm.send("ann", #"[16, 1, {"retain": true}, "com.x"]"#)
        #expect(realm.engine.retained.all.isEmpty)
    }
}
