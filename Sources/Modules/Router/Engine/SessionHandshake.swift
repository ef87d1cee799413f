import ModuleKit
import NIOCore
import WAMP

/// A session's opening, from HELLO to WELCOME or ABORT. Spec: "Session Establishment", "Authentication".
///
/// Pure: messages and an authenticator's steps in, what to do next out. Whoever owns the connection carries that out;
/// one handshake serves one session, and the next session on the same transport begins with a new one.
struct SessionHandshake: Sendable {
    typealias Answer = @Sendable (_ signature: String, _ extra: [String: Value]) async -> AuthenticationStep

    /// What the owner of the connection has to do.
    enum Action: Sendable {
        /// Decide who this is; the decision goes to `proceed`.
        case authenticate(AuthenticationRequest, Hello)
        /// Ask the authenticator about the AUTHENTICATE; its step goes to `proceed`.
        case verify(session: SessionID, @Sendable () async -> AuthenticationStep)
        case challenge(method: String, extra: [String: Value])
        case join(Hello, SessionID, Principal)
        /// Give the connection a session that another one had.
        case resume(Hello, Hello.Resumption)
        case abort(ErrorURI, String)
        /// The peer has given up: its ABORT has no answer.
        case close
    }

    private enum State: Sendable {
        case awaitingHello
        /// Somebody makes up their mind about the peer, or waits for its AUTHENTICATE, if there is an `answer`.
        case authenticating(Hello, SessionID, answer: Answer?)
    }

    private var state = State.awaitingHello

    /// Takes what the peer says before it has a session.
    ///
    /// - Parameters:
    ///   - peer: whom the authenticator is asked about.
    ///   - session: the id of the session that a HELLO opens.
    mutating func receive(
        _ message: ReceivedMessage, from peer: PeerIdentity, as session: @autoclosure () -> SessionID
    ) throws(WireError) -> Action {
        switch (state, message.head.type) {
        case (.awaitingHello, .hello):
            return helloReceived(message, from: peer, as: session())
        case (.authenticating(let hello, let session, let answer?), .authenticate):
            let bytes = message.bytes.readableBytesUInt8Span
            let signature = String(bytes.extracting(message.head.uri.range))
            let extra = try Value.decode(bytes, message.head.dictionary, message.serializer).dictionary ?? [:]
            state = .authenticating(hello, session, answer: nil)
            return .verify(session: session) { await answer(signature, extra) }
        case (_, .abort): return .close
        case (_, .hello): return .abort(.protocolViolation, "HELLO: there was one already")
        default: return .abort(.protocolViolation, "\(message.head.type): there is no session yet")
        }
    }

    private mutating func helloReceived(
        _ message: ReceivedMessage, from peer: PeerIdentity, as session: SessionID
    ) -> Action {
        let hello: Hello
        do throws(HandshakeError) {
            hello = try Hello(message.head, message.bytes.readableBytesUInt8Span, message.serializer)
        } catch {
            return .abort(error.reason, error.message)
        }
        if let resumption = hello.resumption { return .resume(hello, resumption) }
        state = .authenticating(hello, session, answer: nil)
        let request = AuthenticationRequest(
            realm: hello.realm, session: session, authmethods: hello.authmethods, authid: hello.authid,
            authrole: hello.authrole, authextra: hello.authextra, peer: peer)
        return .authenticate(request, hello)
    }

    /// Takes a step of the authenticator.
    ///
    /// - Parameter asked: the session that it was asked about; nil is returned for one that is not opening any more.
    mutating func proceed(_ step: AuthenticationStep, of asked: SessionID) -> Action? {
        guard case .authenticating(let hello, let session, nil) = state, session == asked else { return nil }
        switch step {
        case .welcome(let principal):
            return .join(hello, session, principal)
        case .challenge(let method, let extra, let answer):
            state = .authenticating(hello, session, answer: answer)
            return .challenge(method: method, extra: extra)
        case .deny(let reason, let message):
            return .abort(reason, message)
        }
    }
}
