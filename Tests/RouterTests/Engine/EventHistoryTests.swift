import ModuleKit
import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Event History".
@Suite struct EventHistoryTests {
    var realm = Transcript(eventHistory: [EventHistoryRule("com.", .prefix, limit: 100)])
    /// 2026-11-21T04:31:10.123Z
    private static let start = 1_795_235_470.123

    /// Joins `ann`, who publishes to topics, one a second; answers with the publications.
    private mutating func publish(_ topics: String...) throws -> [UInt64] {
        try realm.join("ann")
        var publications: [UInt64] = []
        for (number, topic) in topics.enumerated() {
            realm.engine.wallClock = Self.start + Double(number)
            try realm.send("ann", #"[16, \#(number + 1), {"acknowledge": true}, "\#(topic)", [\#(number)]]"#)
            let answer = try #require(realm.takeAll("ann").first)
            publications.append(UInt64(try #require(answer.list?[2].integer)))
        }
        return publications
    }

    /// Asks `bob`, who has joined, for events; answers with the first argument of each.
    private mutating func ask(
        _ subscription: Int, _ keywords: String = "{}", as name: String = "bob"
    ) throws -> [Int64] {
        try realm.send(name, #"[48, 1, {}, "wamp.subscription.get_events", [\#(subscription)], \#(keywords)]"#)
        let answer = try #require(realm.takeAll(name).last?.list)
        try #require(answer[0] == 50, "\(answer)")
        return try #require(answer[3].list).compactMap { $0["args"]?.list?.first?.integer }
    }

    private mutating func refusal(_ arguments: String, as name: String = "bob") throws -> String? {
        try realm.send(name, #"[48, 1, {}, "wamp.subscription.get_events", \#(arguments)]"#)
        return try #require(realm.takeAll(name).last?.list)[4].string
    }

    @Test mutating func `an event of a history is what the receivers got, with its time`() throws {
        try realm.join("ann", role: "member", trustlevel: 2)
        try realm.join("bob")
        realm.engine.wallClock = Self.start
        try realm.send("ann", #"[16, 1, {"disclose_me": true, "enc_algo": "x_p"}, "com.x", [1], {"k": 2}]"#)
        try realm.send("ann", #"[16, 2, {}, "com.y"]"#)
        try realm.send("bob", #"[48, 1, {}, "wamp.subscription.get_events", [1]]"#)
        let answer = try #require(realm.takeAll("bob").first?.list)
        let rows = try #require(answer[3].list)
        #expect(answer.count == 4 && rows.count == 2)
        #expect(
            rows[0].fits([
                "timestamp": "2026-11-21T04:31:10.123Z", "subscription": 1, "publication": "*", "args": [1],
                "kwargs": ["k": 2],
                "details": [
                    "topic": "com.x", "publisher": 1, "publisher_authid": "ann", "publisher_authrole": "member",
                    "trustlevel": 2, "enc_algo": "x_p",
                ],
            ]))
        #expect(Set(try #require(rows[1].dictionary).keys) == ["timestamp", "subscription", "publication", "details"])
    }

    /// The specification's own example.
    @Test mutating func `a history holds what its subscription got`() throws {
        realm = Transcript(eventHistory: [EventHistoryRule("com.mycompany.log", .prefix, limit: 100)])
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.mycompany.log.auth"]\#n[32, 2, {}, "com.mycompany.log.basket"]"#)
        try realm.forget("bob")
        _ = try publish(
            "com.mycompany.log.auth", "com.mycompany.log.basket", "com.mycompany.log.basket",
            "com.mycompany.log.basket", "com.mycompany.log.checkout")
        #expect(try ask(2) == [0])
        #expect(try ask(3) == [1, 2, 3])
        #expect(try ask(1) == [0, 1, 2, 3, 4])
    }

    @Test mutating func `a subscription of any policy is asked for what it covers`() throws {
        try realm.join("bob")
        _ = try publish("com.a.x", "com.b.x", "com.a.y", "org.a.x")
        try realm.send(
            "bob",
            #"[32, 1, {"match": "wildcard"}, "com..x"]\#n[32, 2, {"match": "prefix"}, "com.a"]\#n[32, 3, {}, "org.a.x"]"#
        )
        try realm.forget("bob")
        #expect(try ask(2) == [0, 1])
        #expect(try ask(3) == [0, 2])
        #expect(try ask(4) == [])
    }

    @Test mutating func `the subscription of a history is there before its first subscriber and after its last`() throws
    {
        try realm.join("bob")
        try realm.send("bob", #"[48, 1, {}, "wamp.subscription.lookup", ["com.", {"match": "prefix"}]]"#)
        try realm.expect("bob", #"[50, 1, {}, [1]]"#)
        try realm.send("bob", #"[32, 2, {"match": "prefix"}, "com."]\#n[34, 3, 1]"#)
        try realm.expect("bob", #"[33, 2, 1]\#n[35, 3]"#)
        _ = try publish("com.x")
        #expect(try ask(1) == [0])
    }

    @Test(arguments: [
        ("{}", [0, 1, 2, 3, 4]), (#"{"reverse": true}"#, [4, 3, 2, 1, 0]), (#"{"limit": 2}"#, [0, 1]),
        (#"{"limit": 2, "reverse": true}"#, [4, 3]), (#"{"limit": 99}"#, [0, 1, 2, 3, 4]),
        (#"{"from_time": "2026-11-21T04:31:12.123Z"}"#, [2, 3, 4]),
        (#"{"after_time": "2026-11-21T04:31:12.123Z"}"#, [3, 4]),
        (#"{"before_time": "2026-11-21T04:31:12.123Z"}"#, [0, 1]),
        (#"{"until_time": "2026-11-21T04:31:12.123Z"}"#, [0, 1, 2]),
        (#"{"from_time": "2026-11-21T05:31:12.1231+01:00"}"#, [3, 4]),
        (#"{"after_time": "2026-11-21T04:31:10.123Z", "before_time": "2026-11-21T04:31:14.123Z"}"#, [1, 2, 3]),
        (#"{"topic": "com.b"}"#, [1, 3]), (#"{"topic": "com.b", "reverse": true, "limit": 1}"#, [3]),
        (#"{"topic": "com.nobody"}"#, []), (#"{"limit": null, "topic": null, "from_time": null}"#, [0, 1, 2, 3, 4]),
        (#"{"from_time": "2027-01-01T00:00:00Z"}"#, []), (#"{"unknown": 1}"#, [0, 1, 2, 3, 4]),
    ])
    mutating func `filters choose events`(_ keywords: String, _ expected: [Int64]) throws {
        try realm.join("bob")
        _ = try publish("com.a", "com.b", "com.a", "com.b", "com.a")
        #expect(try ask(1, keywords) == expected)
    }

    @Test mutating func `a topic is its bytes`() throws {
        try realm.join("bob")
        _ = try publish("com.caf\u{E9}", "com.cafe\u{301}")
        #expect(try ask(1, #"{"topic": "com.cafe\u0301"}"#) == [1])
    }

    @Test(
        arguments: [
            ("from", [2, 3, 4]), ("after", [3, 4]), ("before", [0, 1]), ("until", [0, 1, 2]),
        ] as [(String, [Int64])])
    mutating func `a publication divides the history`(_ word: String, _ expected: [Int64]) throws {
        try realm.join("bob")
        let publications = try publish("com.a", "com.b", "com.a", "com.b", "com.a")
        #expect(try ask(1, #"{"\#(word)_publication": \#(publications[2])}"#) == expected)
        #expect(try ask(1, #"{"\#(word)_publication": \#(publications[2]), "reverse": true}"#) == expected.reversed())
        #expect(
            try ask(1, #"{"after_publication": \#(publications[0]), "until_publication": \#(publications[3])}"#)
                == [1, 2, 3])
        // Pages are asked for this way, whatever the topics in between.
        #expect(try ask(1, #"{"after_publication": \#(publications[2]), "topic": "com.b"}"#) == [3])
        #expect(try refusal(#"[1], {"\#(word)_publication": 7}"#) == "wamp.error.invalid_argument")
    }

    @Test(arguments: [
        ("[99]", "wamp.error.no_such_subscription"), ("[]", "wamp.error.invalid_argument"),
        (#"["x"]"#, "wamp.error.invalid_argument"), (#"[1], {"limit": 0}"#, "wamp.error.invalid_argument"),
        (#"[1], {"limit": "2"}"#, "wamp.error.invalid_argument"),
        (#"[1], {"reverse": 1}"#, "wamp.error.invalid_argument"),
        (#"[1], {"from_time": "yesterday"}"#, "wamp.error.invalid_argument"),
        (#"[1], {"before_time": 1795235470}"#, "wamp.error.invalid_argument"),
        (#"[1], {"topic": "not a uri"}"#, "wamp.error.invalid_argument"),
        (#"[1], {"from_publication": -1}"#, "wamp.error.invalid_argument"),
        ("[1, -1]", "wamp.error.invalid_argument"),
    ])
    mutating func `a wrong question is an error`(_ arguments: String, _ error: String) throws {
        try realm.join("bob")
        #expect(try refusal(arguments) == error)
    }

    @Test mutating func `Crossbar's form gives the newest events first, as one argument`() throws {
        try realm.join("bob")
        _ = try publish("com.a", "com.b", "com.c")
        try realm.send("bob", #"[48, 1, {}, "wamp.subscription.get_events", [1, 2]]"#)
        try realm.expect("bob", #"[50, 1, {}, [[{"args": [2]}, {"args": [1]}]]]"#)
        // Its clients look for these three in every event.
        try realm.send("bob", #"[48, 2, {}, "wamp.subscription.get_events", [1, 1]]"#)
        try realm.expect("bob", #"[50, 2, {}, [[{"topic": "com.c", "args": [2], "kwargs": null}]]]"#)
    }

    @Test mutating func `who may not subscribe has no history`() throws {
        try realm.join(
            "eve",
            permissions: Permissions([
                PermissionRule("", .prefix, allow: [.call]), PermissionRule("com.ok", allow: [.subscribe]),
            ]))
        #expect(try refusal("[1]", as: "eve") == "wamp.error.not_authorized")
        try realm.send("eve", #"[32, 1, {}, "com.ok"]"#)
        try realm.expect("eve", #"[33, 1, 2]"#)
        _ = try publish("com.ok", "com.secret")
        #expect(try ask(2, as: "eve") == [0])
    }

    @Test mutating func `a realm without histories has no such procedure`() throws {
        realm = Transcript()
        try realm.join("bob")
        #expect(try refusal("[1]") == "wamp.error.no_such_procedure")
    }

    @Test(arguments: [
        (#""eligible": [2]"#, false, false), (#""eligible": []"#, false, false), (#""exclude": [99]"#, false, false),
        (#""exclude": []"#, true, true), (#""exclude": null, "eligible": null"#, true, true),
        (#""eligible_authrole": ["guest"]"#, true, false), (#""exclude_authrole": ["guest"]"#, false, true),
        (#""eligible_authid": ["bob"], "exclude_authid": ["eve"]"#, true, false), (#""exclude_me": true"#, true, true),
    ])
    mutating func `lists of names are applied again, and lists of sessions keep an event out`(
        _ options: String, _ isBobs: Bool, _ isEves: Bool
    ) throws {
        try realm.join("ann")
        try realm.join("bob", role: "guest")
        try realm.join("eve", role: "member")
        try realm.send("ann", #"[16, 1, {\#(options)}, "com.x", [7]]"#)
        #expect(try ask(1) == (isBobs ? [7] : []))
        #expect(try ask(1, as: "eve") == (isEves ? [7] : []))
    }

    @Test mutating func `each rule has its limit, and an event that two rules want is there once`() throws {
        realm = Transcript(eventHistory: [
            EventHistoryRule("com.", .prefix, limit: 3), EventHistoryRule("com.a", limit: 2),
            EventHistoryRule("..x", .wildcard, limit: 1), EventHistoryRule("com.a", limit: 50),
        ])
        try realm.join("bob")
        _ = try publish("com.a", "com.b.x", "com.a", "com.c", "com.c", "com.c")
        #expect(try ask(1) == [3, 4, 5])
        #expect(try ask(2) == [0, 2])
        #expect(try ask(3) == [1])
        #expect(realm.engine.history.all.count == 6)
        #expect(realm.engine.history.byteCount == realm.engine.history.all.reduce(0) { $0 + $1.byteCount })
        // Asked for by another subscription, it is what the rules together have.
        try realm.send("bob", #"[32, 1, {"match": "prefix"}, "com"]"#)
        try realm.forget("bob")
        #expect(try ask(4, #"{"reverse": true}"#) == [5, 4, 3, 2, 1, 0])
    }

    @Test mutating func `beyond its bytes the realm forgets the oldest events of all`() throws {
        var limits = RouterLimits()
        limits.historyBytesMax = 4000
        realm = Transcript(
            limits: limits,
            eventHistory: [EventHistoryRule("com.a", limit: 100), EventHistoryRule("com.b", limit: 100)])
        try realm.join("bob")
        try realm.join("ann")
        for number in 0..<50 {
            try realm.send("ann", #"[16, 1, {}, "com.\#(number < 25 ? "a" : "b")", [\#(number)]]"#)
        }
        #expect(realm.engine.history.byteCount <= 4000)
        #expect(try ask(1) == [])
        #expect(try ask(2).last == 49)
        let long = String(repeating: "x", count: 5000)
        try realm.send("ann", #"[16, 1, {}, "com.a", ["\#(long)"]]"#)
        #expect(try ask(2).last == 49)
        #expect(realm.engine.counters.eventsNotKept == 1)
    }

    @Test mutating func `a result that would be too long says that there is more`() throws {
        try realm.join("bob", frameBytesMax: 2000)
        try realm.join("ann")
        let text = String(repeating: "x", count: 400)
        for number in 0..<8 { try realm.send("ann", #"[16, 1, {}, "com.x", [\#(number), "\#(text)"]]"#) }
        var found: [Int64] = []
        var keywords = "{}"
        while true {
            try realm.send("bob", #"[48, 1, {}, "wamp.subscription.get_events", [1], \#(keywords)]"#)
            let answer = try #require(realm.takeAll("bob").first?.list)
            let rows = try #require(answer[3].list)
            found += rows.compactMap { $0["args"]?.list?.first?.integer }
            guard answer.count == 5 else { break }
            #expect(answer[4] == ["has_more": true])
            let last = try #require(rows.last?["publication"]?.integer)
            keywords = #"{"after_publication": \#(last)}"#
        }
        #expect(found == Array(0..<8))
        let long = String(repeating: "x", count: 4000)
        try realm.send("ann", #"[16, 1, {}, "com.long", ["\#(long)"]]"#)
        #expect(try refusal(#"[1], {"topic": "com.long"}"#) == "wamp.error.payload_size_exceeded")
    }

    @Test(arguments: Serializer.allCases, Serializer.allCases)
    mutating func `an event keeps its meaning from serializer to serializer`(
        _ sender: Serializer, _ receiver: Serializer
    ) throws {
        try realm.join("ann", serializer: sender)
        try realm.join("bob", serializer: receiver)
        try realm.send("ann", #"[16, 1, {}, "com.x", [1, "two", [3.5], null], {"k": {"n": -7}}]"#)
        try realm.send("ann", #"[16, 2, {}, "com.y", [], {"k": 1}]"#)
        try realm.send("bob", #"[48, 1, {}, "wamp.subscription.get_events", [1]]"#)
        try realm.expect(
            "bob",
            #"""
            [50, 1, {}, [{"args": [1, "two", [3.5], null], "kwargs": {"k": {"n": -7}}}, {"args": [], "kwargs": {"k": 1}}]]
            """#)
    }

    @Test mutating func `what the router publishes itself is in no history`() throws {
        realm = Transcript(eventHistory: [EventHistoryRule("", .prefix, limit: 100)])
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {"match": "prefix"}, "wamp."]"#)
        _ = try publish("com.x")
        try realm.forget("bob")
        #expect(try ask(1) == [0])
    }
}
