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

    /// Reads `[HELLO, Realm|uri, Details|dict]`. Details of another type than the specification's are taken as not said.
    init(_ head: MessageHead, _ bytes: Span<UInt8>, _ serializer: Serializer) throws(HandshakeError) {
        realm = String(bytes.extracting(head.uri.range))
        let details: HelloDetails
        do throws(WireError) {
            details = try HelloDetails(head.dictionary, bytes, serializer)
        } catch {
            throw HandshakeError(.protocolViolation, "HELLO: the details cannot be read")
        }
        isResumable = details.isResumable
        if let session = details.resumedSession, let token = details.resumeToken {
            resumption = Resumption(session: session, ticket: ResumeTicket(text: token))
        }
        // Only who resumes a session may leave the realm open; any other session has to say where it belongs.
        guard resumption != nil || URIRules.isValid(bytes.extracting(head.uri.range)) else {
            throw HandshakeError(.invalidURI, "HELLO.Realm: expected a URI")
        }
        guard details.hasRoles || resumption != nil else {
            throw HandshakeError(
                .protocolViolation,
                "HELLO.Details.roles: expected at least one of publisher, subscriber, caller, callee")
        }
        authmethods = details.authmethods ?? ["anonymous"]
        authid = details.authid
        authrole = details.authrole
        authextra = details.authextra
        features = details.features
    }
}

/// `HELLO.Details`, as far as the router looks at them: the rest, most of what clients say of themselves, is passed over.
private struct HelloDetails {
    var authmethods: [String]?
    var authid: String?
    var authrole: String?
    var authextra: [String: Value] = [:]
    var features = ClientFeatures()
    var hasRoles = false
    var isResumable = false
    var resumedSession: SessionID?
    var resumeToken: String?

    init(_ range: ByteRange, _ bytes: Span<UInt8>, _ serializer: Serializer) throws(WireError) {
        var details = Self()
        try Cursor.forEachEntry(of: range, bytes, serializer) { key, value throws(WireError) in
            func decoded() throws(WireError) -> Value { try Value.decode(bytes, value, serializer) }
            if bytes.equals(key, "roles") {
                try Cursor.forEachEntry(of: value, bytes, serializer) { _, _ in details.hasRoles = true }
                details.features = try ClientFeatures(roles: value, bytes, serializer)
            } else if bytes.equals(key, "authmethods") {
                details.authmethods = try decoded().list?.compactMap(\.string)
            } else if bytes.equals(key, "authid") {
                details.authid = try decoded().string
            } else if bytes.equals(key, "authrole") {
                details.authrole = try decoded().string
            } else if bytes.equals(key, "authextra") {
                details.authextra = try decoded().dictionary ?? [:]
            } else if bytes.equals(key, "resumable") {
                details.isResumable = try decoded().bool == true
            } else if bytes.equals(key, "resume-session") {
                details.resumedSession = try decoded().integer.flatMap(UInt64.init(exactly:)).map { SessionID($0) }
            } else if bytes.equals(key, "resume-token") {
                details.resumeToken = try decoded().string
            }
        }
        self = details
    }

    private init() {}
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
