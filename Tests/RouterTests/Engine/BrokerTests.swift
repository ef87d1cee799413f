import ModuleKit
import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Publish and Subscribe", "Advanced PubSub Features".
@Suite struct BrokerTests {
    var realm = Transcript()

    @Test mutating func `an event reaches every subscriber of the topic but its publisher`() throws {
        for name in ["ann", "bob", "eve"] {
            try realm.join(name)
            try realm.send(name, #"[32, 1, {}, "com.x"]"#)
            try realm.expect(name, #"[33, 1, 1]"#)
        }
        try realm.send("ann", #"[16, 2, {}, "com.x", [1], {"k": true}]"#)
        try realm.expect("ann")
        try realm.expect("bob", #"[36, 1, "*", {}, [1], {"k": true}]"#)
        try realm.expect("eve", #"[36, 1, "*", {}, [1], {"k": true}]"#)
    }

    @Test mutating func `a rule of the publisher's discloses it unasked, and only where it says so`() throws {
        let rules = Permissions([
            PermissionRule("", .prefix, allow: [.publish]),
            PermissionRule("com.x", .exact, allow: [.publish], disclose: .publisher),
            PermissionRule("com.y", .exact, allow: [.publish], disclose: .caller),
        ])
        try realm.join("ann", permissions: rules)
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.x"]\#n[32, 2, {}, "com.y"]"#)
        try realm.expect("bob", #"[33, 1, 1]\#n[33, 2, 2]"#)
        try realm.send("ann", #"[16, 1, {}, "com.x"]\#n[16, 2, {}, "com.y"]"#)
        try realm.expect(
            "bob",
            #"[36, 1, "*", {"publisher": 1, "publisher_authid": "ann", "publisher_authrole": "anonymous"}]\#n[36, 2, "*", {}]"#
        )
    }

    @Test mutating func `exclude_me false sends the event to its publisher too`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[32, 1, {}, "com.x"]"#)
        try realm.expect("ann", #"[33, 1, 1]"#)
        try realm.send("ann", #"[16, 2, {"exclude_me": false, "acknowledge": true}, "com.x"]"#)
        try realm.expect("ann", #"[36, 1, "*", {}]\#n[17, 2, "*"]"#)
    }

    @Test mutating func `only acknowledged publications are answered, with PUBLISHED or ERROR`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, {}, "com.x"]\#n[16, 2, {}, "bad uri"]"#)
        try realm.expect("ann")
        try realm.send("ann", #"[16, 3, {"acknowledge": true}, "com.x"]\#n[16, 4, {"acknowledge": true}, "bad uri"]"#)
        try realm.expect("ann", #"[17, 3, "*"]\#n[8, 16, 4, {}, "wamp.error.invalid_uri", "*"]"#)
    }

    @Test mutating func `subscribing again gives the same subscription`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[32, 1, {}, "com.x"]\#n[32, 2, {}, "com.x"]\#n[32, 3, {"match": "prefix"}, "com.x"]"#)
        try realm.expect("ann", #"[33, 1, 1]\#n[33, 2, 1]\#n[33, 3, 2]"#)
    }

    @Test mutating func `SUBSCRIBED is before the first EVENT`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("ann", #"[32, 1, {}, "com.x"]"#)
        try realm.send("bob", #"[16, 1, {}, "com.x"]\#n[16, 2, {}, "com.y"]\#n[16, 3, {}, "com.x"]"#)
        try realm.expect("ann", #"[33, 1, 1]\#n[36, 1, "*", {}]\#n[36, 1, "*", {}]"#)
    }

    @Test mutating func `unsubscribing ends the events, and only one's own subscription`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("ann", #"[32, 1, {}, "com.x"]"#)
        try realm.send("bob", #"[34, 1, 1]"#)
        try realm.expect("bob", #"[8, 34, 1, {}, "wamp.error.no_such_subscription", "*"]"#)
        try realm.send("ann", #"[34, 2, 1]"#)
        try realm.expect("ann", #"[33, 1, 1]\#n[35, 2]"#)
        try realm.send("bob", #"[16, 1, {}, "com.x"]"#)
        try realm.expect("ann")
    }

    @Test(arguments: [
        ("prefix", "com.x", "com.x", true), ("prefix", "com.x", "com.xy", true), ("prefix", "com.x.", "com.x", false),
        ("prefix", "com.x", "com.x.y", true), ("prefix", "com.x", "com.y", false), ("prefix", "", "com", true),
        ("wildcard", "com..z", "com.y.z", true), ("wildcard", "com..z", "com.y.y.z", false),
        ("wildcard", "com..z", "com.z", false), ("wildcard", ".y", "x.y", true), ("wildcard", "x.", "x.y", true),
        ("wildcard", "..", "a.b.c", true), ("wildcard", "..", "a.b", false), ("exact", "com.x", "com.x.y", false),
    ])
    mutating func `patterns match as the specification says`(
        _ match: String, _ pattern: String, _ topic: String, _ matches: Bool
    ) throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("ann", #"[32, 1, {"match": "\#(match)"}, "\#(pattern)"]"#)
        // Some of the patterns match the router's own topics, and hear of themselves.
        try realm.forget("ann")
        // Twice: the second time from what was remembered.
        for _ in 1...2 {
            try realm.send("bob", #"[16, 1, {}, "\#(topic)"]"#)
            let details = match == "exact" ? "{}" : #"{"topic": "\#(topic)"}"#
            try realm.expect("ann", matches ? #"[36, 1, "*", \#(details)]"# : "")
        }
    }

    @Test mutating func `each matching subscription gets its own EVENT of one publication`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send(
            "ann",
            #"[32, 1, {}, "a.b.c"]\#n[32, 2, {"match": "prefix"}, "a."]\#n[32, 3, {"match": "wildcard"}, "a..c"]"#)
        try realm.expect("ann", #"[33, 1, 1]\#n[33, 2, 2]\#n[33, 3, 3]"#)
        try realm.send("bob", #"[16, 1, {}, "a.b.c", ["v"]]"#)
        try realm.expect(
            "ann",
            #"[36, 1, "*", {}, ["v"]]\#n[36, 2, "*", {"topic": "a.b.c"}, ["v"]]\#n[36, 3, "*", {"topic": "a.b.c"}, ["v"]]"#
        )
    }

    /// With a few shapes of patterns nothing is remembered of a topic; with more of them its patterns are.
    @Test(arguments: [0, TopicMatches.shapesMax])
    mutating func `a pattern that has gone matches no more`(otherShapes: Int) throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.join("eve")
        for number in 0..<otherShapes {
            let pattern = "other." + String(repeating: "x", count: number)
            try realm.send("eve", #"[32, \#(number + 1), {"match": "prefix"}, "\#(pattern)"]"#)
        }
        let id = otherShapes + 1
        try realm.send("ann", #"[32, 1, {"match": "prefix"}, "a."]"#)
        try realm.send("bob", #"[16, 1, {}, "a.b"]"#)
        try realm.send("bob", #"[16, 2, {}, "a.b"]"#)
        try realm.send("ann", #"[34, 2, \#(id)]"#)
        try realm.send("bob", #"[16, 3, {}, "a.b"]"#)
        let event = #"[36, \#(id), "*", {"topic": "a.b"}]"#
        try realm.expect("ann", #"[33, 1, \#(id)]\#n\#(event)\#n\#(event)\#n[35, 2]"#)
    }

    @Test(arguments: [
        (#""exclude": [2]"#, "3 4"), (#""exclude_authid": ["bob", "eve"]"#, "4"),
        (#""exclude_authrole": ["guest"]"#, "2 3"), (#""eligible": [3]"#, "3"), (#""eligible": []"#, ""),
        (#""eligible_authid": ["bob"], "exclude": [2]"#, ""), (#""eligible_authrole": ["guest"]"#, "4"),
        (#""eligible": [2, 4], "eligible_authrole": ["member"]"#, "2"),
    ])
    mutating func `the six lists must all agree`(_ options: String, _ receivers: String) throws {
        try realm.join("ann")
        let roles = ["bob": "member", "eve": "member", "joe": "guest"]
        for name in ["bob", "eve", "joe"] {
            try realm.join(name, role: roles[name] ?? "")
            try realm.send(name, #"[32, 1, {}, "com.x"]"#)
            try realm.expect(name, #"[33, 1, 1]"#)
        }
        try realm.send("ann", #"[16, 1, {\#(options)}, "com.x"]"#)
        for (id, name) in [(2, "bob"), (3, "eve"), (4, "joe")] {
            try realm.expect(name, receivers.contains("\(id)") ? #"[36, 1, "*", {}]"# : "")
        }
    }

    @Test mutating func `disclose_me tells who published`() throws {
        try realm.join("ann", role: "member")
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.x"]"#)
        try realm.send("ann", #"[16, 1, {"disclose_me": true}, "com.x"]"#)
        try realm.expect(
            "bob",
            #"[33, 1, 1]\#n[36, 1, "*", {"publisher": 1, "publisher_authid": "ann", "publisher_authrole": "member"}]"#)
    }

    @Test mutating func `a realm may disclose everybody, or nobody`() throws {
        realm = Transcript(disclosure: .forced)
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.x"]"#)
        try realm.send("ann", #"[16, 1, {}, "com.x"]"#)
        try realm.expect("bob", #"[33, 1, 1]\#n[36, 1, "*", {"publisher": 1}]"#)
        realm = Transcript(disclosure: .never)
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, {"disclose_me": true, "acknowledge": true}, "com.x"]"#)
        try realm.expect("ann", #"[8, 16, 1, {}, "wamp.error.option_disallowed.disclose_me", "*"]"#)
    }

    @Test(arguments: ["wamp", "wamp.session.on_join", "wamp.anything"])
    mutating func `nobody publishes in the router's name`(_ topic: String) throws {
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, {"acknowledge": true}, "\#(topic)"]"#)
        try realm.expect("ann", #"[8, 16, 1, {}, "wamp.error.invalid_uri", "*"]"#)
    }

    @Test mutating func `each receiver gets its own serializer`() throws {
        try realm.join("ann", serializer: .cbor)
        for (name, serializer) in [("bob", Serializer.json), ("eve", .messagePack), ("joe", .cbor)] {
            try realm.join(name, serializer: serializer)
            try realm.send(name, #"[32, 1, {}, "com.x"]"#)
        }
        try realm.send("ann", #"[16, 1, {}, "com.x", [1, "two", [3.5], null], {"k": {"n": -7}}]"#)
        for name in ["bob", "eve", "joe"] {
            try realm.expect(
                name, #"[33, 1, 1]\#n[36, 1, "*", {}, [1, "two", [3.5], null], {"k": {"n": -7}}]"#)
        }
    }

    @Test mutating func `keyword arguments without arguments keep their place`() throws {
        try realm.join("ann", serializer: .cbor)
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.x"]"#)
        try realm.send("ann", #"[16, 1, {}, "com.x", [], {"k": 1}]"#)
        try realm.expect("bob", #"[33, 1, 1]\#n[36, 1, "*", {}, [], {"k": 1}]"#)
    }

    @Test(arguments: [#"{"acknowledge": "yes"}"#, #"{"exclude": 1}"#, #"{"eligible": ["x"]}"#, #"{"exclude_me": 0}"#])
    mutating func `an option of the wrong type is a protocol violation`(_ options: String) throws {
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, \#(options), "com.x"]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
        #expect(try realm.ending("ann") == .close)
    }

    @Test mutating func `events behind a full outbox are dropped and counted, answers are not`() throws {
        var limits = RouterLimits()
        limits.outboxBytesMax = 1000
        realm = Transcript(limits: limits)
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.x"]"#)
        try realm.expect("bob", #"[33, 1, 1]"#)
        realm.engine.writabilityChanged(try realm.handle("bob"), isWritable: false)
        let text = String(repeating: "x", count: 500)
        for request in 1...5 { try realm.send("ann", #"[16, \#(request), {}, "com.x", ["\#(text)"]]"#) }
        try realm.send("bob", #"[32, 2, {}, "com.y"]"#)
        #expect(realm.engine.counters.eventsDropped == 3)
        realm.engine.writabilityChanged(try realm.handle("bob"), isWritable: true)
        try realm.expect("bob", #"[36, 1, "*", {}, "*"]\#n[36, 1, "*", {}, "*"]\#n[33, 2, 2]"#)
    }

    @Test mutating func `a session may hold so many subscriptions`() throws {
        var limits = RouterLimits()
        limits.subscriptionsAndRegistrationsMax = 2
        realm = Transcript(limits: limits)
        try realm.join("ann")
        try realm.send("ann", #"[32, 1, {}, "a"]\#n[64, 2, {}, "b"]\#n[32, 3, {}, "c"]\#n[64, 4, {}, "d"]"#)
        try realm.expect(
            "ann",
            #"[33, 1, 1]\#n[65, 2, 1]\#n[8, 32, 3, {}, "gantry.error.limit_exceeded", "*"]\#n[8, 64, 4, {}, "gantry.error.limit_exceeded", "*"]"#
        )
    }

    @Test mutating func `what is not allowed is refused, and stays refused`() throws {
        let permissions = Permissions([
            PermissionRule("com.", .prefix, allow: [.subscribe, .publish]),
            PermissionRule("com.secret", .prefix, allow: []),
        ])
        try realm.join("ann", permissions: permissions)
        for request in [1, 3] {
            try realm.send(
                "ann", #"[32, \#(request), {}, "com.secret.x"]\#n[32, \#(request + 1), {"match": "prefix"}, "com."]"#)
            try realm.expect(
                "ann",
                #"[8, 32, \#(request), {}, "wamp.error.not_authorized", "*"]\#n[8, 32, \#(request + 1), {}, "wamp.error.not_authorized", "*"]"#
            )
        }
        try realm.send("ann", #"[32, 9, {}, "com.x"]\#n[64, 10, {}, "com.x"]"#)
        try realm.expect("ann", #"[33, 9, 1]\#n[8, 64, 10, {}, "wamp.error.not_authorized", "*"]"#)
    }
}
