/// What a realm has done since it was opened, or several together: numbers that only grow.
package struct RealmCounters: Sendable, Hashable {
    package var messagesIn: UInt64 = 0
    package var messagesOut: UInt64 = 0
    package var eventsOut: UInt64 = 0
    /// Events that a slow reader, or a transport with a limit, did not get.
    package var eventsDropped: UInt64 = 0
    /// Events that were to be retained, or belonged to a history, and had no room.
    package var eventsNotKept: UInt64 = 0
    package var requestErrors: UInt64 = 0
    package var protocolViolations: UInt64 = 0
    /// Requests that a lenient realm took although their id was not the next one of their session.
    package var requestIDGaps: UInt64 = 0

    /// Each counter by the name under which it is shown. A new one has its place here, or nobody would ever see it.
    package static let names: [(name: String, counter: any WritableKeyPath<RealmCounters, UInt64> & Sendable)] = [
        ("messages_in", \.messagesIn),
        ("messages_out", \.messagesOut),
        ("events_out", \.eventsOut),
        ("events_dropped", \.eventsDropped),
        ("events_not_kept", \.eventsNotKept),
        ("request_errors", \.requestErrors),
        ("protocol_violations", \.protocolViolations),
        ("request_id_gaps", \.requestIDGaps),
    ]

    static func += (total: inout RealmCounters, other: RealmCounters) {
        for (_, counter) in names { total[keyPath: counter] &+= other[keyPath: counter] }
    }
}
