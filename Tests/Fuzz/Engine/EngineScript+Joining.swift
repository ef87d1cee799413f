import ModuleKit
import NIOCore
import WAMP
import WAMPTransport

@testable import Router

// How the sessions of a script come and go.

extension EngineScript {
    /// Opens a session on a new connection, from HELLO to WELCOME. The connection that the peer had is lost.
    mutating func join(_ peer: Int) {
        if let link = current[peer] { disconnect(link) }
        lastSession += 1
        let id = SessionID(lastSession)
        let flags = input.byte()
        let isLocal = flags & 7 == 7
        let format = isLocal ? WireFormat(serializer: .messagePack, framing: .rawSocket) : wireFormat(flags)
        guard let (hello, principal) = handshake(id, format.serializer) else { return }
        let ticket = hello.isResumable && !isLocal ? newTicket() : nil
        let frameBytesMax = isLocal ? 1 << 24 : input.pick([1 << 24, 1 << 11, 1 << 12, 1 << 24, 1 << 10])
        var connection = ScriptedConnection(
            id, format, frameBytesMax: frameBytesMax, loop: isLocal ? 0 : input.below(Self.loopCount),
            isLocal: isLocal, ticket: ticket)
        let session = JoiningSession(
            id: id, principal: principal, peer: Self.peer(isEncrypted: flags & 1 != 0), features: hello.features,
            format: format, loop: connection.loop, frameBytesMax: frameBytesMax, isLocal: isLocal,
            resumeTicket: ticket, link: connection.link)
        let welcome = Welcome(realm: engine.uri, principal, agent: "gantry", kept: .all, ticket: ticket)
        views[id] = SessionView()
        connection.handle = engine.join(session, welcome: welcome)
        connections[ObjectIdentifier(connection.link)] = connection
        current[peer] = ObjectIdentifier(connection.link)
        requests[peer] = 0
    }

    /// What a connection speaks, one for each value of three bits.
    private func framings(of serializer: Serializer) -> [Framing] {
        let webSocket = Framing.webSocket(serializer)
        let batched: Framing = serializer == .json ? .recordSeparated : .lengthPrefixed
        let rest: [Framing] = serializer == .json ? [.cancelSeparated, .lengthPrefixed] : [.rawSocket, webSocket]
        return [.rawSocket, webSocket, batched, .rawSocket, webSocket, batched] + rest
    }

    static func peer(isEncrypted: Bool) -> PeerIdentity {
        PeerIdentity(address: "10.0.0.1", isLoopback: false, isEncrypted: isEncrypted)
    }

    mutating func newTicket() -> ResumeTicket {
        lastTicket += 1
        return ResumeTicket(text: "ticket \(lastTicket)")
    }

    /// The messages before a session, sometimes with a challenge; nil when they lead to none.
    private mutating func handshake(_ id: SessionID, _ serializer: Serializer) -> (Hello, Principal)? {
        var handshake = SessionHandshake()
        let peer = Self.peer(isEncrypted: false)
        let flags = input.byte()
        let bytes = flags & 15 == 15 ? input.bytes(48) : hello(flags).encoded(serializer)
        guard let message = try? ReceivedMessage(ByteBuffer(bytes: bytes), serializer),
            case .authenticate(let request, let hello)? = try? handshake.receive(message, from: peer, as: id)
        else { return nil }
        if request.session != id || request.realm != hello.realm { failure = "the HELLO of \(id) became \(request)" }
        let principal = Principal(
            authid: input.pick(["ann", "bob"]), authrole: input.pick(["guest", "admin"]), authmethod: "anonymous",
            authprovider: "static", permissions: input.pick([.unrestricted, .unrestricted, Self.rules]),
            trustlevel: input.pick([nil, 3, nil, .min]))
        if flags & 0x10 != 0 {
            let challenge = AuthenticationStep.challenge(method: "ticket", extra: [:]) { _, _ in .welcome(principal) }
            guard case .challenge? = handshake.proceed(challenge, of: id) else {
                failure = "no challenge for \(id)"
                return nil
            }
            let answer = input.bit() ? Value.list([5, "secret", ["a": 1]]).encoded(serializer) : input.bytes(24)
            guard let message = try? ReceivedMessage(ByteBuffer(bytes: answer), serializer),
                case .verify? = try? handshake.receive(message, from: peer, as: id)
            else { return nil }
        }
        guard case .join(let joining, id, let joiner)? = handshake.proceed(.welcome(principal), of: id) else {
            failure = "\(id) is welcome, and does not join"
            return nil
        }
        return (joining, joiner)
    }

    private static let rules = Permissions([
        PermissionRule("com.", .prefix, allow: [.call, .publish, .subscribe, .register], disclose: [.caller]),
        PermissionRule("com.q", allow: [.register]), PermissionRule("com..x", .wildcard, allow: [.subscribe]),
        PermissionRule("wamp.", .prefix, allow: [.call, .subscribe], disclose: [.publisher]),
    ])

    private mutating func hello(_ flags: UInt8) -> Value {
        var details: [String: Value] = ["resumable": .bool(flags & 0x20 != 0)]
        if flags & 0x40 != 0 { details["authmethods"] = input.pick([["ticket"], [1], 7, []]) }
        if flags & 0x80 != 0 { details["authextra"] = odd() }
        let features = input.byte()
        if features == 0xFF {
            details["roles"] = odd()
        } else {
            // All features of all roles but those that a bit takes away.
            let names: [(UInt8, String)] = [
                (1, "progressive_call_results"), (2, "progressive_call_invocations"), (4, "call_canceling"),
                (8, "call_timeout"), (16, "call_reroute"), (32, "payload_passthru_mode"),
                (64, "registration_revocation"), (64, "subscription_revocation"),
            ]
            let announced = names.map { ($0.1, Value.bool(features & $0.0 == 0)) }
            let role: Value = ["features": .dictionary(Dictionary(uniqueKeysWithValues: announced))]
            details["roles"] = ["caller": role, "callee": role, "publisher": role, "subscriber": role]
        }
        return [1, "realm1", .dictionary(details)]
    }

    /// By the upper five bits.
    private func wireFormat(_ flags: UInt8) -> WireFormat {
        let serializer: Serializer = [.json, .messagePack, .cbor, .json][Int(flags >> 3 & 3)]
        return WireFormat(serializer: serializer, framing: framings(of: serializer)[Int(flags >> 5)])
    }

    // MARK: Losing and resuming

    mutating func disconnect(_ link: ObjectIdentifier) {
        guard let connection = connections[link], !connection.isGone else { return }
        connections[link]?.isLost = true
        engine.disconnected(connection.handle, connection.link)
    }

    /// Shows a ticket on a new connection: the right one, or not.
    mutating func resume(_ peer: Int, _ link: ObjectIdentifier) {
        guard let old = connections[link], let ticket = old.ticket else { return }
        let flags = input.byte()
        let next = newTicket()
        // Of the same kind, or of another.
        let format = flags & 0x10 == 0 ? old.format : wireFormat(input.byte())
        var connection = ScriptedConnection(
            old.session, format, frameBytesMax: input.pick([1 << 24, 1 << 10]), loop: input.below(Self.loopCount),
            ticket: next)
        let resuming = ResumingConnection(
            ticket: flags & 7 == 7 ? next : ticket, nextTicket: next, peer: Self.peer(isEncrypted: flags & 8 == 0),
            format: connection.format, loop: connection.loop, frameBytesMax: connection.frameBytesMax,
            link: connection.link)
        let wasThere = engine.sessions.contains(old.handle)
        guard let handle = engine.resume(old.session, resuming) else { return }
        if flags & 7 == 7 || !wasThere { failure = "\(old.session) was resumed without a right to it" }
        connections[link]?.isLost = true
        connection.handle = handle
        connections[ObjectIdentifier(connection.link)] = connection
        current[peer] = ObjectIdentifier(connection.link)
    }
}
