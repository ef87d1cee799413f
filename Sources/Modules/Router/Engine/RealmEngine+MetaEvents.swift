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

    mutating func announceLeave(_ session: Disclosure, to filter: ReceiverFilter? = nil) {
        guard isHeard("wamp.session.on_leave") else { return }
        publish(
            topic: "wamp.session.on_leave",
            [.integer(Int64(session.session.rawValue)), .string(session.authid), .string(session.authrole)], to: filter)
    }

    /// Tells the sessions of this process, and nobody else, that others have left: they have to know whom there still is.
    mutating func announceLeaveWithin(_ left: [Disclosure]) {
        var options = PublishOptions()
        options.eligible = sessions.handles { $0.isLocal }.map(\.id)
        let filter = ReceiverFilter(options)
        for session in left { announceLeave(session, to: filter) }
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
