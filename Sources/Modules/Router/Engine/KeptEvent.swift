import WAMP

/// An event that outlives its publication: a topic's retained event, or a line of a history.
///
/// It owns a copy of the payload's bytes, in the serializer that they came in, and shares nothing with the buffer
/// that they were received in. Spec: WAMP-04 "Event Retention", "Event History".
final class KeptEvent: Sendable {
    /// Counts the kept events of a realm, in the order in which they were published, over restarts too.
    let sequence: UInt64
    let publication: PublicationID
    /// When it was published, milliseconds since 1970.
    let milliseconds: Int64
    let topic: URIBytes
    let serializer: Serializer
    let payload: PayloadRange
    /// What `payload` is a part of: the arguments and behind them the keyword arguments.
    let bytes: [UInt8]
    /// Who published it, where that was disclosed.
    let publisher: Disclosure?
    let trustlevel: Int64?
    let forwarded: [ForwardedOption]
    let rkey: String?
    /// Nil admits everybody.
    let filter: ReceiverFilter?
    /// The publisher's session, where it does not receive its own event; forgotten with the session.
    let excludedSession: SessionID?
    /// About how much memory this takes.
    let byteCount: Int

    init(_ publication: Publication, topic: URIBytes, _ bytes: Span<UInt8>, sequence: UInt64, wallClock: Double) {
        let arguments = bytes.extracting(publication.payload.arguments.range)
        let argumentsKw = bytes.extracting(publication.payload.argumentsKw.range)
        var copy: [UInt8] = []
        copy.reserveCapacity(arguments.count + argumentsKw.count)
        arguments.withUnsafeBufferPointer { copy.append(contentsOf: $0) }
        argumentsKw.withUnsafeBufferPointer { copy.append(contentsOf: $0) }
        self.sequence = sequence
        self.publication = publication.id
        milliseconds = Timestamp.milliseconds(wallClock)
        self.topic = topic
        serializer = publication.serializer
        payload = PayloadRange(
            arguments: ByteRange(0, arguments.count), argumentsKw: ByteRange(arguments.count, copy.count))
        self.bytes = copy
        publisher = publication.disclosure
        trustlevel = publication.trustlevel
        forwarded = publication.options.forwarded
        rkey = publication.options.rkey
        filter = publication.filter
        excludedSession = publication.excludedSession
        byteCount = Self.byteCount(topic, copy.count, forwarded, rkey, filter)
    }

    /// One that was kept by an earlier process.
    ///
    /// - Parameters:
    ///   - arguments: one well-formed list, or nothing.
    ///   - argumentsKw: one well-formed dictionary, or nothing.
    init(
        sequence: UInt64, publication: PublicationID, milliseconds: Int64, topic: URIBytes, payload: Payload,
        publisher: Disclosure?, trustlevel: Int64?, forwarded: [ForwardedOption], rkey: String?,
        filter: ReceiverFilter?
    ) {
        self.sequence = sequence
        self.publication = publication
        self.milliseconds = milliseconds
        self.topic = topic
        serializer = payload.serializer
        bytes = payload.arguments + payload.argumentsKw
        self.payload = PayloadRange(
            arguments: ByteRange(0, payload.arguments.count),
            argumentsKw: ByteRange(payload.arguments.count, bytes.count))
        self.publisher = publisher
        self.trustlevel = trustlevel
        self.forwarded = forwarded
        self.rkey = rkey
        self.filter = filter
        excludedSession = nil
        byteCount = Self.byteCount(topic, bytes.count, forwarded, rkey, filter)
    }

    /// Whether a session would have received it. Spec: "the most recent Retained Event that they would have received".
    func admits(_ session: Disclosure) -> Bool {
        session.session != excludedSession && (filter?.admits(session) ?? true)
    }

    /// `EVENT.Details` for subscribers of a policy.
    func details(for match: MatchPolicy) -> EventDetails {
        var details = EventDetails()
        if match != .exact { details.topic = topic.text }
        details.publisher = publisher
        details.trustlevel = trustlevel
        details.forwarded = forwarded
        return details
    }

    private static func byteCount(
        _ topic: URIBytes, _ payloadByteCount: Int, _ forwarded: [ForwardedOption], _ rkey: String?,
        _ filter: ReceiverFilter?
    ) -> Int {
        let options = forwarded.reduce(0) { $0 + $1.key.utf8.count + $1.value.encoded(.messagePack).count + 64 }
        return 384 + topic.count * 2 + payloadByteCount + options + (rkey?.utf8.count ?? 0) + (filter?.byteCount ?? 0)
    }
}

/// What an event is kept for.
enum EventShelf: UInt8, Sendable, Hashable, CaseIterable {
    case retained, history
}

/// What became of a kept event: the engine says it, and whoever keeps events over a restart writes it down.
enum KeptEventChange: Sendable {
    case kept(KeptEvent, EventShelf)
    case dropped(sequence: UInt64, EventShelf)
}

/// Which events a realm keeps. Spec: "Event Retention", "Event History".
struct KeptEventFeatures: OptionSet, Sendable {
    let rawValue: Int

    static let retention = KeptEventFeatures(rawValue: 1)
    static let history = KeptEventFeatures(rawValue: 2)
    static let all: KeptEventFeatures = [.retention, .history]

    /// As they are announced.
    var names: [String] {
        (contains(.retention) ? ["event_retention"] : []) + (contains(.history) ? ["event_history"] : [])
    }
}
