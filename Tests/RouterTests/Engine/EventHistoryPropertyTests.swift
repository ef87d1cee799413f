import ModuleKit
import Testing
import WAMP

@testable import Router

/// The history that the engine keeps, compared with one that keeps everything and searches it from end to end.
@Suite struct EventHistoryPropertyTests {
    private struct Event {
        var number: Int64
        var topic: String
        var publication: UInt64
        var milliseconds: Int64
    }

    /// All that was ever published, and the definitions.
    private struct Model {
        var rules: [EventHistoryRule]
        var events: [Event] = []

        static func matches(_ topic: String, _ uri: String, _ match: MatchPolicy) -> Bool {
            switch match {
            case .exact: return uri == topic
            case .prefix: return topic.hasPrefix(uri)
            case .wildcard:
                let wanted = uri.split(separator: ".", omittingEmptySubsequences: false)
                let components = topic.split(separator: ".", omittingEmptySubsequences: false)
                return wanted.count == components.count
                    && zip(wanted, components).allSatisfy { $0.isEmpty || $0 == $1 }
            }
        }

        /// What a rule keeps: the last `limit` events that match it.
        func line(_ rule: EventHistoryRule) -> [Event] {
            Array(events.filter { Self.matches($0.topic, rule.uri, rule.match) }.suffix(rule.limit))
        }

        func history(_ uri: String, _ match: MatchPolicy) -> [Event] {
            if let rule = rules.first(where: { $0.uri == uri && $0.match == match }) { return line(rule) }
            let kept = Set(rules.flatMap { line($0).map(\.number) })
            return events.filter { kept.contains($0.number) && Self.matches($0.topic, uri, match) }
        }
    }

    private static let rules = [
        EventHistoryRule("com.", .prefix, limit: 12), EventHistoryRule("com.a.x", limit: 5),
        EventHistoryRule(".b.", .wildcard, limit: 7), EventHistoryRule("org", .prefix, limit: 3),
        EventHistoryRule("com.a", .prefix, limit: 30),
    ]
    private static let topics = ["com.a.x", "com.a.y", "com.b.x", "com.b.y", "org.b.x", "org.a", "net.b.z", "net.c"]
    private static let subscriptions: [(String, MatchPolicy)] = [
        ("com.", .prefix), ("com.a.x", .exact), (".b.", .wildcard), ("com", .prefix), ("", .prefix),
        ("com.b.x", .exact),
        ("com.a.", .wildcard), ("..x", .wildcard), ("net.c", .exact), ("org.b", .prefix), ("com.a", .prefix),
    ]

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `any question has the answer that a search through everything would have`(_ seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        var realm = Transcript(eventHistory: Self.rules)
        var model = Model(rules: Self.rules)
        try realm.join("ann")
        try realm.join("bob", serializer: Serializer.allCases.randomElement(using: &random) ?? .json)
        for (uri, match) in Self.subscriptions {
            try realm.send("bob", #"[32, 1, {"match": "\#(match.name)"}, "\#(uri)"]"#)
        }
        var milliseconds: Int64 = 1_795_235_470_000
        for number in 0..<60 as Range<Int64> {
            let topic = Self.topics.randomElement(using: &random) ?? "com.a.x"
            // Sometimes several in one millisecond, sometimes back in time.
            milliseconds += Int64.random(in: -1...2, using: &random)
            realm.engine.wallClock = Double(milliseconds) / 1000
            try realm.send("ann", #"[16, 1, {"acknowledge": true}, "\#(topic)", [\#(number)]]"#)
            let publication = try #require(realm.takeAll("ann").first?.list?[2].integer)
            model.events.append(
                Event(number: number, topic: topic, publication: UInt64(publication), milliseconds: milliseconds))
            guard number % 4 == 3 else { continue }
            for (uri, match) in Self.subscriptions { try compare(uri, match, &realm, model, &random) }
        }
    }

    private func compare(
        _ uri: String, _ match: MatchPolicy, _ realm: inout Transcript, _ model: Model, _ random: inout RandomSource
    ) throws {
        let topic = Array(uri.utf8)
        let found = realm.engine.subscriptions.find(topic.span, match)
        let index = try #require(found)
        let subscription = realm.engine.subscriptions[index].id
        var expected = model.history(uri, match)
        var keywords: [String: Value] = [:]
        for name in ["from", "after", "before", "until"] where random.next() % 4 == 0 {
            guard let anchor = expected.randomElement(using: &random) else { continue }
            if random.next() % 2 == 0 {
                keywords[name + "_time"] = .string(Timestamp.text(milliseconds: anchor.milliseconds))
            } else {
                keywords[name + "_publication"] = .integer(Int64(anchor.publication))
            }
        }
        if random.next() % 3 == 0 { keywords["topic"] = .string(Self.topics.randomElement(using: &random) ?? "") }
        if random.next() % 3 == 0 { keywords["limit"] = .integer(Int64.random(in: 1...9, using: &random)) }
        if random.next() % 2 == 0 { keywords["reverse"] = .bool(random.next() % 2 == 0) }
        expected = Self.filtered(expected, keywords)
        let text = String(decoding: Value.dictionary(keywords).encoded(.json), as: UTF8.self)
        _ = try realm.takeAll("bob")
        try realm.send("bob", #"[48, 1, {}, "wamp.subscription.get_events", [\#(subscription)], \#(text)]"#)
        let answer = try #require(realm.takeAll("bob").last?.list)
        try #require(answer[0] == 50, "\(uri) \(text): \(answer)")
        let numbers = answer[3].list?.compactMap { $0["args"]?.list?.first?.integer }
        #expect(numbers == expected.map(\.number), "\(uri) \(match.name) \(text)")
    }

    private static func filtered(_ events: [Event], _ keywords: [String: Value]) -> [Event] {
        func position(_ key: String) -> Int? {
            keywords[key]?.integer.flatMap { id in events.firstIndex { $0.publication == UInt64(id) } }
        }
        func time(_ key: String) -> Int64? {
            keywords[key]?.string.flatMap(Timestamp.microseconds).map { $0 / 1000 }
        }
        var chosen = events.enumerated().filter { offset, event in
            (position("from_publication").map { offset >= $0 } ?? true)
                && (position("after_publication").map { offset > $0 } ?? true)
                && (position("before_publication").map { offset < $0 } ?? true)
                && (position("until_publication").map { offset <= $0 } ?? true)
                && (time("from_time").map { event.milliseconds >= $0 } ?? true)
                && (time("after_time").map { event.milliseconds > $0 } ?? true)
                && (time("before_time").map { event.milliseconds < $0 } ?? true)
                && (time("until_time").map { event.milliseconds <= $0 } ?? true)
                && (keywords["topic"]?.string.map { event.topic == $0 } ?? true)
        }.map(\.element)
        if keywords["reverse"] == true { chosen.reverse() }
        return Array(chosen.prefix(keywords["limit"]?.integer.map(Int.init) ?? .max))
    }
}
