import WAMP

/// What `wamp.subscription.get_events` was asked for: conditions that all have to hold, and how to walk.
/// Spec: WAMP-04 "Event History".
struct EventQuery: Sendable, Hashable {
    var isReverse = false
    /// At most so many events; nil is as many as fit.
    var limit: Int?
    // Microseconds since 1970
    var fromTime: Int64?
    var afterTime: Int64?
    var beforeTime: Int64?
    var untilTime: Int64?
    var topic: String?
    var fromPublication: UInt64?
    var afterPublication: UInt64?
    var beforePublication: UInt64?
    var untilPublication: UInt64?

    /// The publications that it names: publications have no order of their own, so each has to be found.
    var anchors: Set<UInt64> {
        Set([fromPublication, afterPublication, beforePublication, untilPublication].compactMap(\.self))
    }

    /// Whether an event is asked for.
    ///
    /// - Parameter sequences: of the anchors.
    func includes(_ event: KeptEvent, _ sequences: [UInt64: UInt64]) -> Bool {
        if let topic, !topic.utf8.elementsEqual(event.topic.bytes) { return false }
        let (time, overflow) = event.milliseconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return false }
        if let fromTime, time < fromTime { return false }
        if let afterTime, time <= afterTime { return false }
        if let beforeTime, time >= beforeTime { return false }
        if let untilTime, time > untilTime { return false }
        func sequence(_ anchor: UInt64?) -> UInt64? { anchor.flatMap { sequences[$0] } }
        if let from = sequence(fromPublication), event.sequence < from { return false }
        if let after = sequence(afterPublication), event.sequence <= after { return false }
        if let before = sequence(beforePublication), event.sequence >= before { return false }
        if let until = sequence(untilPublication), event.sequence > until { return false }
        return true
    }
}

extension EventQuery {
    /// Reads the keyword arguments; null is as good as absent.
    init(_ keywords: [String: Value]) throws(MetaError) {
        isReverse = try Self.read(keywords, "reverse", "true or false", \.bool) ?? false
        limit = try Self.read(keywords, "limit", "an integer >= 1") { Self.positive($0).map { Int(clamping: $0) } }
        fromTime = try Self.time(keywords, "from_time")
        afterTime = try Self.time(keywords, "after_time")
        beforeTime = try Self.time(keywords, "before_time")
        untilTime = try Self.time(keywords, "until_time")
        topic = try Self.read(keywords, "topic", "a URI") { value in
            value.string.flatMap { URIRules.isValid(Array($0.utf8).span, countMax: .max) ? $0 : nil }
        }
        fromPublication = try Self.publication(keywords, "from_publication")
        afterPublication = try Self.publication(keywords, "after_publication")
        beforePublication = try Self.publication(keywords, "before_publication")
        untilPublication = try Self.publication(keywords, "until_publication")
    }

    private static func time(_ keywords: [String: Value], _ key: String) throws(MetaError) -> Int64? {
        try read(keywords, key, "an RFC 3339 timestamp, e.g. 2026-11-21T04:31:10.123Z") { value in
            value.string.flatMap(Timestamp.microseconds)
        }
    }

    private static func publication(_ keywords: [String: Value], _ key: String) throws(MetaError) -> UInt64? {
        try read(keywords, key, "a publication's id, an integer >= 1", positive)
    }

    static func positive(_ value: Value) -> UInt64? {
        value.integer.flatMap { $0 >= 1 ? UInt64($0) : nil }
    }

    private static func read<Result>(
        _ keywords: [String: Value], _ key: String, _ expected: String, _ parse: (Value) -> Result?
    ) throws(MetaError) -> Result? {
        guard let value = keywords[key], value != .null else { return nil }
        guard let parsed = parse(value) else {
            throw MetaError(.invalidArgument, "\(key): expected \(expected)")
        }
        return parsed
    }
}
