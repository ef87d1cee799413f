import ModuleKit
import NIOCore
import Testing
import WAMP

@testable import Router

/// Spec: "Session Establishment", "Authentication": which message may come when, and what answers it.
struct SessionHandshakeTests {
    private static let peer = PeerIdentity(address: "10.0.0.1", isLoopback: false, isEncrypted: true)
    private static let principal = Principal(
        authid: "joe", authrole: "guest", authmethod: "ticket", authprovider: "static", permissions: .unrestricted)
    private static let hello = #"[1, "realm1", {"roles": {"caller": {}}, "authid": "joe", "authmethods": ["ticket"]}]"#

    private var handshake = SessionHandshake()

    private mutating func receive(_ json: String, session: UInt64 = 7) throws -> SessionHandshake.Action {
        let message = try ReceivedMessage(ByteBuffer(string: json), .json)
        return try handshake.receive(message, from: Self.peer, as: SessionID(session))
    }

    @Test mutating func `a HELLO asks who that is, with everything that it says about itself`() throws {
        guard case .authenticate(let request, let hello) = try receive(Self.hello) else { return fail() }
        #expect(request.realm == "realm1" && hello.realm == "realm1")
        #expect(request.session == SessionID(7))
        #expect(request.authid == "joe")
        #expect(request.authmethods == ["ticket"])
        #expect(request.peer == Self.peer)
    }

    @Test mutating func `whoever is welcome joins, under the id that the HELLO was given`() throws {
        _ = try receive(Self.hello)
        guard
            case .join(let hello, let session, let principal) = handshake.proceed(
                .welcome(Self.principal), of: SessionID(7))
        else { return fail() }
        #expect(hello.realm == "realm1")
        #expect(session == SessionID(7))
        #expect(principal.authid == "joe")
    }

    @Test mutating func `a challenge is answered by AUTHENTICATE, as often as the method wants`() async throws {
        _ = try receive(Self.hello)
        for round in ["first", "second"] {
            let step = AuthenticationStep.challenge(method: "ticket", extra: [:]) { signature, extra in
                .deny(.authenticationFailed, message: "\(signature) \(extra["n"]?.integer ?? 0)")
            }
            guard case .challenge(let method, _) = handshake.proceed(step, of: SessionID(7)) else { return fail() }
            #expect(method == "ticket")
            guard case .verify(let session, let ask) = try receive("[5, \"\(round)\", {\"n\": 3}]") else {
                return fail()
            }
            #expect(session == SessionID(7))
            guard case .deny(_, let sentence) = await ask() else { return fail() }
            #expect(sentence == "\(round) 3")
        }
    }

    @Test mutating func `a refusal is an ABORT with its reason`() throws {
        _ = try receive(Self.hello)
        let action = handshake.proceed(.deny(.authenticationFailed, message: "wrong"), of: SessionID(7))
        guard case .abort(.authenticationFailed, "wrong") = action else { return fail() }
    }

    @Test mutating func `a step for another session, or one that nobody waits for, changes nothing`() throws {
        #expect(handshake.proceed(.welcome(Self.principal), of: SessionID(7)) == nil)
        _ = try receive(Self.hello)
        #expect(handshake.proceed(.welcome(Self.principal), of: SessionID(8)) == nil)
        _ = handshake.proceed(
            .challenge(method: "ticket", extra: [:]) { _, _ in .welcome(Self.principal) }, of: SessionID(7))
        // Its AUTHENTICATE is awaited: nobody has been asked anything.
        #expect(handshake.proceed(.welcome(Self.principal), of: SessionID(7)) == nil)
    }

    @Test(arguments: [
        (before: [], message: #"[5, "secret", {}]"#),
        (before: [], message: #"[32, 1, {}, "com.example.topic"]"#),
        (before: [], message: #"[6, {}, "wamp.close.normal"]"#),
        (before: [], message: #"[2, 1, {}]"#),
        (before: [hello], message: hello),
        (before: [hello], message: #"[5, "nobody has asked", {}]"#),
        (before: [hello], message: #"[48, 1, {}, "com.example.procedure"]"#),
        (before: [], message: #"[1, "realm1", {}]"#),
        (before: [], message: #"[1, "realm1", {"roles": {}}]"#),
    ])
    mutating func `what is not due is a protocol violation`(before: [String], message: String) throws {
        for earlier in before { _ = try receive(earlier) }
        guard case .abort(.protocolViolation, let sentence) = try receive(message) else { return fail() }
        #expect(!sentence.isEmpty)
    }

    @Test mutating func `a peer's ABORT has no answer`() throws {
        _ = try receive(Self.hello)
        guard case .close = try receive(#"[3, {}, "wamp.error.cannot_authenticate"]"#) else { return fail() }
    }

    private func fail() { Issue.record("another action was expected") }
}
