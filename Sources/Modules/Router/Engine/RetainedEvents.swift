import WAMP

/// The retained events of a realm, by topic.
///
/// A topic has one event that every subscriber would receive, and may have a few later ones of limited distribution,
/// as the specification allows. The next event for everybody takes the place of them all. Bounded in topics and in
/// bytes: beyond them a new topic gets no retained event, and what others rely on stays.
/// Spec: WAMP-04 "Event Retention".
struct RetainedEvents: Sendable {
    /// The retained events of one topic, the most recent one last.
    private struct Topic: URIRecord {
        let id: UInt64
        let uri: URIBytes
        var match: MatchPolicy { .exact }
        var events: [KeptEvent]

        static let vacant = Topic(id: 0, uri: URIBytes(""), events: [])
    }

    /// What keeping an event led to.
    struct Outcome {
        var isKept: Bool
        var dropped: [KeptEvent]
    }

    /// How many events of limited distribution a topic may have.
    static let supplementsMax = 16

    private var topics: URITable<Topic>
    private let topicsMax: Int
    private let bytesMax: Int
    private(set) var byteCount = 0

    init(topicsMax: Int, bytesMax: Int, hasher: KeyHasher) {
        topics = URITable(hasher: hasher)
        self.topicsMax = topicsMax
        self.bytesMax = bytesMax
    }

    var topicCount: Int { topics.count }

    /// Keeps an event as its topic's most recent one.
    mutating func keep(_ event: KeptEvent) -> Outcome {
        let topic = event.topic
        guard let index = topics.find(topic.bytes.span, .exact) else {
            guard topics.count < topicsMax, byteCount + event.byteCount <= bytesMax else {
                return Outcome(isKept: false, dropped: [])
            }
            byteCount += event.byteCount
            _ = topics.insert(Topic(id: event.sequence, uri: event.topic, events: [event]))
            return Outcome(isKept: true, dropped: [])
        }
        var (remaining, dropped) = Self.superseded(topics[index].events, by: event)
        byteCount -= dropped.reduce(0) { $0 + $1.byteCount }
        let isKept = byteCount + event.byteCount <= bytesMax
        if isKept {
            remaining.append(event)
            byteCount += event.byteCount
        } else {
            // What is left is older than the event that there is no room for, and must not pass for the last one.
            byteCount -= remaining.reduce(0) { $0 + $1.byteCount }
            dropped += remaining
            remaining = []
        }
        topics[index].events = remaining
        if remaining.isEmpty { topics.remove(index) }
        return Outcome(isKept: isKept, dropped: dropped)
    }

    /// Forgets the retained events of a topic.
    mutating func forget(_ topic: Span<UInt8>) -> [KeptEvent] {
        guard let index = topics.find(topic, .exact) else { return [] }
        let dropped = topics[index].events
        topics.remove(index)
        byteCount -= dropped.reduce(0) { $0 + $1.byteCount }
        return dropped
    }

    /// The most recent event that somebody is admitted to, of each topic that a subscription covers; in the order of
    /// their publication.
    func events(
        matching uri: URIBytes, _ match: MatchPolicy, admittedBy isAdmitted: (KeptEvent) -> Bool
    ) -> [KeptEvent] {
        guard topics.count > 0 else { return [] }
        if match == .exact {
            guard let index = topics.find(uri.bytes.span, .exact) else { return [] }
            return topics[index].events.last(where: isAdmitted).map { [$0] } ?? []
        }
        let pattern = TopicPattern(uri, match)
        var found: [KeptEvent] = []
        for index in topics.indices where pattern.matches(topics[index].uri) {
            if let event = topics[index].events.last(where: isAdmitted) { found.append(event) }
        }
        return found.sorted { $0.sequence < $1.sequence }
    }

    /// Everything, in the order of publication.
    var all: [KeptEvent] {
        topics.indices.flatMap { topics[$0].events }.sorted { $0.sequence < $1.sequence }
    }

    /// What of a topic's events stays beside a new one, and what does not.
    private static func superseded(
        _ events: [KeptEvent], by event: KeptEvent
    ) -> (remaining: [KeptEvent], dropped: [KeptEvent]) {
        guard let filter = event.filter else { return ([], events) }
        var remaining: [KeptEvent] = []
        var dropped: [KeptEvent] = []
        for known in events {
            // Whoever was admitted to an event with the same lists is admitted to this one, which is more recent.
            if let other = known.filter, other.isSame(as: filter) {
                dropped.append(known)
            } else {
                remaining.append(known)
            }
        }
        if remaining.count(where: { $0.filter != nil }) >= supplementsMax,
            let oldest = remaining.firstIndex(where: { $0.filter != nil })
        {
            dropped.append(remaining.remove(at: oldest))
        }
        return (remaining, dropped)
    }
}
