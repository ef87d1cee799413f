import ModuleKit
import WAMP

/// The histories of a realm: for each rule of its configuration the last events that the rule's URI matches.
///
/// Events are kept by rule and not by subscription, so that a history outlives its subscribers and the process. An
/// event that several rules match is there once. Bounded in events by each rule's limit, and in bytes by the realm's:
/// beyond that the oldest event of all goes. Spec: WAMP-04 "Event History".
struct EventHistory: Sendable {
    private struct Line: URIRecord {
        let id: UInt64
        let uri: URIBytes
        let match: MatchPolicy
        let limit: Int
        var events = EventRing()

        static let vacant = Line(id: 0, uri: URIBytes(""), match: .exact, limit: 0)
    }

    /// What keeping an event led to.
    struct Outcome {
        var isKept: Bool
        var dropped: [KeptEvent]
    }

    private var lines: URITable<Line>
    private let bytesMax: Int
    private(set) var byteCount = 0

    /// - Parameter rules: a URI and policy that are there twice count once.
    init(_ rules: [EventHistoryRule], bytesMax: Int, hasher: KeyHasher) {
        lines = URITable(hasher: hasher)
        self.bytesMax = bytesMax
        for (index, rule) in rules.enumerated() {
            let uri = URIBytes(rule.uri)
            guard lines.find(uri.bytes.span, rule.match) == nil else { continue }
            _ = lines.insert(Line(id: UInt64(index) + 1, uri: uri, match: rule.match, limit: rule.limit))
        }
    }

    var isEnabled: Bool { lines.count > 0 }

    /// Whether events of a topic are kept.
    func covers(_ topic: Span<UInt8>) -> Bool {
        if lines.find(topic, .exact) != nil { return true }
        var isCovered = false
        lines.forEachPattern(matching: topic) { _ in
            isCovered = true
            return false
        }
        return isCovered
    }

    /// Keeps an event, the most recent of all, in every line that it belongs to.
    mutating func keep(_ event: KeptEvent) -> Outcome {
        let matching = indices(matching: event.topic)
        guard !matching.isEmpty, event.byteCount <= bytesMax else { return Outcome(isKept: false, dropped: []) }
        var dropped: [KeptEvent] = []
        byteCount += event.byteCount
        for index in matching {
            lines[index].events.append(event)
            if lines[index].events.count > lines[index].limit { dropFirst(of: index, into: &dropped) }
        }
        while byteCount > bytesMax, let oldest = indexOfOldest() { dropFirst(of: oldest, into: &dropped) }
        return Outcome(isKept: true, dropped: dropped)
    }

    /// Calls `body` with the kept events that a subscription covers, oldest first or newest first, until it says false.
    ///
    /// A subscription that a rule describes has that rule's line. Any other has what the lines together keep of it.
    func forEach(
        matching uri: URIBytes, _ match: MatchPolicy, isReverse: Bool, _ body: (KeptEvent) -> Bool
    ) {
        if let index = lines.find(uri.bytes.span, match) {
            return lines[index].events.forEach(isReverse: isReverse, body)
        }
        let pattern = TopicPattern(uri, match)
        forEach(of: lines.indices.filter { pattern.overlaps(lines[$0].uri, lines[$0].match) }, isReverse: isReverse) {
            !pattern.matches($0.topic) || body($0)
        }
    }

    /// Walks several lines as one, each event once.
    private func forEach(of indices: [Int32], isReverse: Bool, _ body: (KeptEvent) -> Bool) {
        var offsets = indices.map { isReverse ? lines[$0].events.count - 1 : 0 }
        var last: UInt64?
        while true {
            var next: (position: Int, event: KeptEvent)?
            for (position, index) in indices.enumerated() {
                guard let event = lines[index].events[offsets[position]] else { continue }
                if let known = next?.event.sequence {
                    guard isReverse ? event.sequence > known : event.sequence < known else { continue }
                }
                next = (position, event)
            }
            guard let next else { return }
            offsets[next.position] += isReverse ? -1 : 1
            guard next.event.sequence != last else { continue }
            last = next.event.sequence
            guard body(next.event) else { return }
        }
    }

    /// Everything, in the order of publication.
    var all: [KeptEvent] {
        var events: [KeptEvent] = []
        forEach(of: lines.indices, isReverse: false) {
            events.append($0)
            return true
        }
        return events
    }

    private func indices(matching topic: URIBytes) -> [Int32] {
        var indices: [Int32] = []
        if let exact = lines.find(topic.bytes.span, .exact) { indices.append(exact) }
        lines.forEachPattern(matching: topic.bytes.span) {
            indices.append($0)
            return true
        }
        return indices
    }

    private func indexOfOldest() -> Int32? {
        lines.indices.filter { lines[$0].events.first != nil }
            .min { (lines[$0].events.first?.sequence ?? .max) < (lines[$1].events.first?.sequence ?? .max) }
    }

    private mutating func dropFirst(of index: Int32, into dropped: inout [KeptEvent]) {
        guard let event = lines[index].events.removeFirst() else { return }
        // A line has everything that matches it from its first event on, so its first event tells.
        let isElsewhere = indices(matching: event.topic).contains { other in
            lines[other].events.first.map { $0.sequence <= event.sequence } ?? false
        }
        guard !isElsewhere else { return }
        byteCount -= event.byteCount
        dropped.append(event)
    }
}

/// Events in the order of their publication: appended at the end, dropped at the beginning.
private struct EventRing: Sendable {
    private var events: [KeptEvent?] = []
    private var start = 0

    var count: Int { events.count - start }
    var first: KeptEvent? { start < events.count ? events[start] : nil }

    /// Counted from the oldest; nil beyond either end.
    subscript(offset: Int) -> KeptEvent? {
        offset >= 0 && offset < count ? events[start + offset] : nil
    }

    mutating func append(_ event: KeptEvent) { events.append(event) }

    mutating func removeFirst() -> KeptEvent? {
        guard let first else { return nil }
        events[start] = nil
        start += 1
        if start > 32, start * 2 > events.count {
            events.removeFirst(start)
            start = 0
        }
        return first
    }

    func forEach(isReverse: Bool, _ body: (KeptEvent) -> Bool) {
        var position = isReverse ? events.count - 1 : start
        while position >= start, position < events.count {
            if let event = events[position], !body(event) { return }
            position += isReverse ? -1 : 1
        }
    }
}
