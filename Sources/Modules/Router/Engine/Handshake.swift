import ModuleKit
import WAMP

/// A HELLO, as the router reads it. Spec: WAMP-04 "Session Establishment".
struct Hello: Sendable {
    var realm: String
    var authmethods: [String]
    var authid: String?
    var authrole: String?
    var authextra: [String: Value]
    var features: ClientFeatures
    /// The client wants a ticket to resume the session with.
    var isResumable: Bool
    /// It asks for a session that it has had: then nothing else counts.
    var resumption: Resumption?

    /// `HELLO.Details.resume-session` and `resume-token`.
    struct Resumption: Sendable, Hashable {
        var session: SessionID
        var ticket: ResumeTicket
    }

    /// Reads `[HELLO, Realm|uri, Details|dict]`.
    init(_ head: MessageHead, _ bytes: Span<UInt8>, _ serializer: Serializer) throws(HandshakeError) {
        realm = String(bytes.extracting(head.uri.range))
        let details: [String: Value]
        do throws(WireError) {
            details = try Value.decode(bytes, head.dictionary, serializer).dictionary ?? [:]
        } catch {
            throw HandshakeError(.protocolViolation, "HELLO: the details cannot be read")
        }
        isResumable = details["resumable"]?.bool == true
        if let id = details["resume-session"]?.integer.flatMap(UInt64.init(exactly:)),
            let token = details["resume-token"]?.string
        {
            resumption = Resumption(session: SessionID(id), ticket: ResumeTicket(text: token))
        }
        // Only who resumes a session may leave the realm open; any other session has to say where it belongs.
        guard resumption != nil || URIRules.isValid(bytes.extracting(head.uri.range)) else {
            throw HandshakeError(.invalidURI, "HELLO.Realm: expected a URI")
        }
        let roles = details["roles"]?.dictionary ?? [:]
        guard !roles.isEmpty || resumption != nil else {
            throw HandshakeError(
                .protocolViolation,
                "HELLO.Details.roles: expected at least one of publisher, subscriber, caller, callee")
        }
        authmethods = details["authmethods"]?.list?.compactMap(\.string) ?? ["anonymous"]
        authid = details["authid"]?.string
        authrole = details["authrole"]?.string
        authextra = details["authextra"]?.dictionary ?? [:]
        features = ClientFeatures(roles: .dictionary(roles))
    }
}

/// What ends a handshake: the reason and sentence of an ABORT.
struct HandshakeError: Error, Sendable, Hashable {
    var reason: ErrorURI
    var message: String

    init(_ reason: ErrorURI, _ message: String) {
        self.reason = reason
        self.message = message
    }
}
