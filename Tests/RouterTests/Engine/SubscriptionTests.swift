import ModuleKit
import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Sharded Subscription", "Subscription Revocation", "Subscription Meta API".
@Suite struct SubscriptionTests {
    var realm = Transcript()

    // MARK: Sharded Subscription

    @Test mutating func `a resource goes to one node, and to those who are no node`() throws {
        try realm.join("ann")
        for name in ["n1", "n2", "n3"] {
            try realm.join(name)
            try realm.send(name, #"[32, 1, {"nkey": "\#(name)"}, "com.x"]"#)
        }
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.x"]"#)
        for name in ["n1", "n2", "n3", "bob"] { try realm.forget(name) }
        for number in 0..<60 { try realm.send("ann", #"[16, 1, {"rkey": "sn\#(number)"}, "com.x", [\#(number)]]"#) }
        let counts = try ["n1", "n2", "n3"].map { try realm.takeAll($0).count }
        #expect(counts.reduce(0, +) == 60)
        #expect(counts.allSatisfy { $0 > 5 })
        #expect(try realm.takeAll("bob").count == 60)
        // Without a resource key it is everybody's.
        try realm.send("ann", #"[16, 1, {}, "com.x"]\#n[16, 1, {"rkey": null}, "com.x"]"#)
        for name in ["n1", "n2", "n3", "bob"] { #expect(try realm.takeAll(name).count == 2) }
    }

    @Test func `a node that comes or goes moves its own resources only`() {
        var shards = Shards()
        for (slot, node) in ["a", "b", "c", "a"].enumerated() { shards[Int32(slot)] = node }
        let keys = (0..<300).map { "sn\($0)" }
        let before = keys.map { shards.node(for: $0) }
        shards[3] = nil
        #expect(keys.map { shards.node(for: $0) } == before)
        shards[1] = nil
        for (key, node) in zip(keys, before) where node != "b" { #expect(shards.node(for: key) == node) }
        shards[0] = nil
        shards[2] = "z"
        #expect(keys.allSatisfy { shards.node(for: $0) == "z" })
        shards[2] = nil
        #expect(shards.isEmpty && shards.node(for: "sn1") == nil)
    }

    @Test mutating func `the last SUBSCRIBE says which node a session is`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.join("eve")
        try realm.send("bob", #"[32, 1, {"nkey": "a"}, "com.x"]"#)
        try realm.send("eve", #"[32, 1, {"nkey": "b"}, "com.x"]\#n[32, 2, {"nkey": "a"}, "com.x"]"#)
        for name in ["bob", "eve"] { try realm.forget(name) }
        try realm.send("ann", #"[16, 1, {"rkey": "k"}, "com.x"]"#)
        for name in ["bob", "eve"] { #expect(try realm.takeAll(name).count == 1) }
    }

    @Test mutating func `a resource key and a node key are strings`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, {"rkey": 7}, "com.x"]"#)
        try realm.expect(
            "ann", #"[3, {"message": "publish: option rkey: expected a string of at most 255 bytes"}, "*"]"#)
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {"nkey": "\#(String(repeating: "x", count: 256))"}, "com.x"]"#)
        try realm.expect("bob", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }

    // MARK: Subscription Revocation

    private static let revocable = #"{"subscriber": {"features": {"subscription_revocation": true}}}"#

    @Test mutating func `a subscription is taken back, and its session is told if it announced that`() throws {
        try realm.join("ann")
        try realm.join("bob", features: Self.revocable)
        try realm.join("eve", features: "{}")
        try realm.send("ann", #"[32, 1, {"match": "prefix"}, "wamp.subscription."]"#)
        for name in ["bob", "eve"] {
            try realm.send(name, #"[32, 1, {}, "com.x"]"#)
            try realm.forget(name)
        }
        try realm.forget("ann")
        let call = #""wamp.subscription.remove_subscriber""#
        try realm.send("ann", #"[48, 2, {}, \#(call), [2, 2, "no longer authorized"]]"#)
        try realm.expect("bob", #"[35, 0, {"subscription": 2, "reason": "no longer authorized"}]"#)
        try realm.expect(
            "ann", #"[36, 1, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [2, 2]]\#n[50, 2, {}, [null]]"#)
        try realm.send("ann", #"[48, 3, {}, \#(call), [2, 3]]"#)
        try realm.expect("eve")
        try realm.expect(
            "ann",
            #"""
            [36, 1, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [3, 2]]
            [36, 1, "*", {"topic": "wamp.subscription.on_delete"}, [3, 2]]
            [50, 3, {}, [null]]
            """#)
        try realm.send("ann", #"[16, 4, {}, "com.x"]"#)
        try realm.expect("bob")
    }

    @Test(arguments: [
        ("[9, 2]", "wamp.error.no_such_subscription"), ("[1, 9]", "wamp.error.no_such_session"),
        ("[1, 1]", "wamp.error.no_such_session"), ("[1]", "wamp.error.invalid_argument"),
        ("[1, 2, 3]", "wamp.error.invalid_argument"), (#"["x", 2]"#, "wamp.error.invalid_argument"),
    ])
    mutating func `what cannot be taken back is an error`(_ arguments: String, _ error: String) throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.x"]"#)
        try realm.send("ann", #"[48, 1, {}, "wamp.subscription.remove_subscriber", \#(arguments)]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "\#(error)", "*"]"#)
    }

    // MARK: Meta events

    @Test mutating func `on_create comes before on_subscribe, on_delete after on_unsubscribe`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[32, 1, {"match": "prefix"}, "wamp.subscription."]"#)
        try realm.forget("ann")
        for name in ["bob", "eve"] {
            try realm.join(name)
            try realm.send(name, #"[32, 1, {}, "com.x"]"#)
        }
        try realm.send("bob", #"[34, 2, 2]"#)
        try realm.leave("eve")
        try realm.expect(
            "ann",
            #"""
            [36, 1, "*", {"topic": "wamp.subscription.on_create"}, [2, {"id": 2, "uri": "com.x", "match": "exact", "created": "*"}]]
            [36, 1, "*", {"topic": "wamp.subscription.on_subscribe"}, [2, 2]]
            [36, 1, "*", {"topic": "wamp.subscription.on_subscribe"}, [3, 2]]
            [36, 1, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [2, 2]]
            [36, 1, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [3, 2]]
            [36, 1, "*", {"topic": "wamp.subscription.on_delete"}, [3, 2]]
            """#)
    }

    // MARK: Many

    @Test mutating func `whoever comes and goes in any order, everybody else stays subscribed`() throws {
        var random = RandomSource(seed: 7)
        var expected: [String: Set<Int>] = [:]
        try realm.join("publisher")
        for number in 0..<40 { try realm.join("s\(number)") }
        for step in 0..<2000 {
            let name = "s\(random.next() % 40)"
            let topic = Int(random.next() % 12)
            if random.next() % 3 > 0 {
                try realm.send(name, #"[32, 1, {}, "com.\#(topic)"]"#)
                expected[name, default: []].insert(topic)
            } else {
                let uri = Array("com.\(topic)".utf8)
                let id = realm.engine.subscriptions.find(uri.span, .exact).map { realm.engine.subscriptions[$0].id }
                try realm.send(name, "[34, 2, \(id ?? 999_999)]")
                expected[name]?.remove(topic)
            }
            if step % 400 == 399 {
                try realm.leave(name)
                expected[name] = nil
                try realm.join(name)
            }
        }
        for number in 0..<40 { try realm.forget("s\(number)") }
        for topic in 0..<12 { try realm.send("publisher", #"[16, 1, {}, "com.\#(topic)", [\#(topic)]]"#) }
        for number in 0..<40 {
            let topics = try realm.takeAll("s\(number)").compactMap { $0.list?[4].list?.first?.integer }
            #expect(topics.map(Int.init) == (expected["s\(number)"] ?? []).sorted())
        }
    }

    @Test mutating func `ten thousand subscribers of one topic come and go`() throws {
        try realm.join("ann")
        let names = (0..<10_000).map { "s\($0)" }
        for name in names {
            try realm.join(name)
            try realm.send(name, #"[32, 1, {}, "com.x"]"#)
        }
        #expect(realm.engine.subscriptions.count == 1)
        for name in names { realm.engine.leave(try realm.handle(name)) }
        #expect(realm.engine.subscriptions.count == 0)
        #expect(realm.engine.sessions.count == 1)
    }

    // MARK: Black- and whitelists

    @Test(arguments: [1, 8, 9, 5000])
    mutating func `a long list says what a short one would`(_ count: Int) throws {
        try realm.join("ann")
        for name in ["bob", "eve"] {
            try realm.join(name)
            try realm.send(name, #"[32, 1, {}, "com.x"]"#)
            try realm.forget(name)
        }
        let others = (0..<count - 1).map { #""other\#($0)""# }
        let list = (others + [#""bob""#]).joined(separator: ",")
        try realm.send("ann", #"[16, 1, {"eligible_authid": [\#(list)]}, "com.x", [1]]"#)
        try realm.send("ann", #"[16, 1, {"exclude_authid": [\#(list)]}, "com.x", [2]]"#)
        try realm.expect("bob", #"[36, 1, "*", {}, [1]]"#)
        try realm.expect("eve", #"[36, 1, "*", {}, [2]]"#)
    }

    @Test(arguments: [
        "exclude", "eligible", "exclude_authid", "eligible_authid", "exclude_authrole", "eligible_authrole",
    ])
    mutating func `null is no list, and what is no list is refused by name`(_ key: String) throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.x"]"#)
        try realm.forget("bob")
        try realm.send("ann", #"[16, 1, {"\#(key)": null}, "com.x"]"#)
        try realm.expect("bob", #"[36, 1, "*", {}]"#)
        let kind = key.contains("auth") ? "strings" : "session ids"
        for (number, wrong) in [#""bob""#, "{}", "1", "[null]", "[[]]", key.contains("auth") ? "[1]" : #"["1"]"#]
            .enumerated()
        {
            try realm.join("x\(number)")
            try realm.send("x\(number)", #"[16, 1, {"\#(key)": \#(wrong)}, "com.x"]"#)
            try realm.expect(
                "x\(number)",
                #"[3, {"message": "publish: option \#(key): expected a list of \#(kind)"}, "wamp.error.protocol_violation"]"#
            )
        }
        try realm.expect("bob")
    }

    // MARK: Publication Trust Levels

    @Test mutating func `an event tells how far its publisher is trusted`() throws {
        try realm.join("ann", trustlevel: 0)
        try realm.join("bob", trustlevel: 7)
        try realm.join("eve")
        try realm.send("eve", #"[32, 1, {}, "com.x"]\#n[16, 2, {"exclude_me": false}, "com.x"]"#)
        try realm.send("ann", #"[16, 1, {}, "com.x"]"#)
        try realm.send("bob", #"[16, 1, {}, "com.x"]"#)
        try realm.expect(
            "eve",
            #"[33, 1, 1]\#n[36, 1, "*", {}]\#n[36, 1, "*", {"trustlevel": 0}]\#n[36, 1, "*", {"trustlevel": 7}]"#)
    }

    // MARK: Payload Passthru Mode

    private static let passing = #"{"publisher": {"features": {"payload_passthru_mode": true}}}"#
    /// JSON's form of the bytes 01 02 03.
    private static let binary = #""\u0000AQID""#

    @Test(arguments: Serializer.allCases, Serializer.allCases)
    mutating func `payload and attributes travel on, whatever the receiver has announced`(
        _ sender: Serializer, _ receiver: Serializer
    ) throws {
        try realm.join("ann", serializer: sender, features: Self.passing)
        try realm.join("bob", serializer: receiver)
        try realm.send("bob", #"[32, 1, {}, "com.x"]"#)
        try realm.send(
            "ann",
            #"[16, 1, {"retain": true, "ppt_scheme": "x_plant", "ppt_keyid": "k", "unknown": 1}, "com.x", [\#(Self.binary)]]"#
        )
        try realm.send("bob", #"[32, 2, {"get_retained": true}, "com.x"]"#)
        try realm.expect(
            "bob",
            #"""
            [33, 1, 1]
            [36, 1, "*", {"ppt_scheme": "x_plant", "ppt_keyid": "k"}, [\#(Self.binary)]]
            [33, 2, 1]
            [36, 1, "*", {"ppt_scheme": "x_plant", "ppt_keyid": "k", "retained": true}, [\#(Self.binary)]]
            """#)
    }

    @Test(arguments: [
        (passing, #"{"ppt_scheme": 7}"#, "[\(binary)]"), (passing, #"{"ppt_keyid": "k"}"#, "[\(binary)]"),
        (passing, #"{"ppt_scheme": "x"}"#, #"["text"]"#), (passing, #"{"ppt_scheme": "x"}"#, "[\(binary), 1]"),
        (passing, #"{"ppt_scheme": "x"}"#, #"[\#(binary)], {"k": 1}"#), ("{}", #"{"ppt_scheme": "x"}"#, "[\(binary)]"),
    ])
    mutating func `what breaks a rule of the mode ends the session`(
        _ features: String, _ options: String, _ payload: String
    ) throws {
        try realm.join("ann", features: features)
        try realm.send("ann", #"[16, 1, \#(options), "com.x", \#(payload)]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }
}
