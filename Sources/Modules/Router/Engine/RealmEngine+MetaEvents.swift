import ModuleKit
import WAMP

// The events of the meta API. Spec: WAMP-04 "Session Meta API", "Registration Meta API", "Subscription Meta API".

/// Which of the router's two tables an event is about.
enum MetaSubject: String, Sendable {
    case subscription, registration
}

/// What happened to a record of a table; the raw value ends the event's topic.
enum MetaEvent: String, Sendable {
    case onCreate = "on_create"
    case onSubscribe = "on_subscribe"
    case onUnsubscribe = "on_unsubscribe"
    case onRegister = "on_register"
    case onUnregister = "on_unregister"
    case onDelete = "on_delete"
}

extension RealmEngine {
    /// Whether anybody could hear a meta event; without subscriptions to `wamp.` topics or patterns, nothing is built.
    func isHeard(_ topic: String) -> Bool {
        guard subscriptions.count > 0 else { return false }
        if subscriptions.hasPatterns { return true }
        let bytes = Array(topic.utf8)
        return subscriptions.find(bytes.span, .exact) != nil
    }

    mutating func announceJoin(_ slot: Int32) {
        guard isHeard("wamp.session.on_join") else { return }
        publish(topic: "wamp.session.on_join", [.dictionary(sessions[slot].details)])
    }

    mutating func announceLeave(_ session: Disclosure) {
        guard isHeard("wamp.session.on_leave") else { return }
        publish(
            topic: "wamp.session.on_leave",
            [.integer(Int64(session.session.rawValue)), .string(session.authid), .string(session.authrole)])
    }

    mutating func announceCreation(of record: some URIRecord & DetailedRecord, by session: SessionID) {
        let topic = "wamp.\(type(of: record).subject.rawValue).on_create"
        guard isHeard(topic) else { return }
        publish(topic: topic, [.integer(Int64(session.rawValue)), .dictionary(record.details)])
    }

    mutating func announce(_ subject: MetaSubject, _ event: MetaEvent, _ session: SessionID, _ id: UInt64) {
        // Most realms have nobody who listens, and a session may hold thousands of subscriptions.
        guard subscriptions.count > 0 else { return }
        let topic = "wamp.\(subject.rawValue).\(event.rawValue)"
        guard isHeard(topic) else { return }
        publish(topic: topic, [.integer(Int64(session.rawValue)), .integer(Int64(id))])
    }
}

/// A record that the meta API describes.
protocol DetailedRecord {
    static var subject: MetaSubject { get }
    var details: [String: Value] { get }
}

extension Subscription: DetailedRecord {
    static var subject: MetaSubject { .subscription }

    var details: [String: Value] {
        [
            "id": .integer(Int64(id)), "created": .string(Timestamp.text(created)), "uri": .string(uri.text),
            "match": .string(match.name),
        ]
    }
}

extension Registration: DetailedRecord {
    static var subject: MetaSubject { .registration }

    var details: [String: Value] {
        [
            "id": .integer(Int64(id)), "created": .string(Timestamp.text(created)), "uri": .string(uri.text),
            "match": .string(match.name), "invoke": .string(invoke.name),
        ]
    }
}

extension SessionRecord {
    /// What `wamp.session.get` and `wamp.session.on_join` tell of a session.
    var details: [String: Value] {
        [
            "session": .integer(Int64(id.rawValue)), "authid": .string(principal.authid),
            "authrole": .string(principal.authrole), "authmethod": .string(principal.authmethod),
            "authprovider": .string(principal.authprovider),
            "transport": [
                "peer": .string(peer.address), "serializer": .string(format.serializer.name),
                "is_secure": .bool(peer.isEncrypted), "path": peer.path.map { .string($0) } ?? .null,
            ],
        ]
    }
}

/// Points in time as text.
enum Timestamp {
    /// ISO 8601 in UTC with milliseconds, e.g. `2026-11-21T04:31:10.123Z`.
    ///
    /// - Parameter seconds: since 1970.
    static func text(_ seconds: Double) -> String {
        let milliseconds = Int64(seconds * 1000)
        let day = milliseconds.flooredQuotient(86_400_000)
        let timeOfDay = milliseconds - day * 86_400_000
        let date = civilDate(daysSince1970: day)
        let time = [timeOfDay / 3_600_000, timeOfDay / 60_000 % 60, timeOfDay / 1000 % 60].map { padded($0, 2) }
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
            + "T\(time.joined(separator: ":")).\(padded(timeOfDay % 1000, 3))Z"
    }

    /// The proleptic Gregorian date, by counting eras of 400 years from 0000-03-01.
    private static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = daysSince1970 + 719_468
        let era = days.flooredQuotient(146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    /// Division that rounds towards minus infinity.
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self - divisor + 1) / divisor
    }
}
