import ModuleKit
import NIOCore
import Testing
import WAMP
import WAMPTransport

@testable import Router

/// A realm and its sessions in memory: send this, expect that, as JSON texts.
///
/// In an expectation `"*"` stands for any value; keys of a dictionary that the expectation does not name are ignored.
struct Transcript {
    private final class Link: SessionLink {
        func deliver(_ frames: Delivery) {}
    }

    private struct Peer {
        var handle: SessionHandle
        var link: Link
        var format: WireFormat
        var waiting: [Value] = []
        var ending = Delivery.Ending.none
        var isReadFrom = true
    }

    var engine: RealmEngine
    private var peers: [String: Peer] = [:]
    private var names: [ObjectIdentifier: String] = [:]
    private var lastSession: UInt64 = 0

    init(
        limits: RouterLimits = RouterLimits(), disclosure: RealmDefinition.Disclosure = .onRequest,
        eventHistory: [EventHistoryRule] = []
    ) {
        engine = RealmEngine(
            uri: "realm1", limits: limits, disclosure: disclosure, loopCount: 1, seed: 0x5EED,
            eventHistory: eventHistory)
    }

    /// Joins, and takes the WELCOME. Sessions get the ids 1, 2, 3, … in the order in which they join.
    mutating func join(
        _ name: String, role: String = "anonymous", permissions: Permissions = .unrestricted,
        serializer: Serializer = .json, framing: Framing = .rawSocket, frameBytesMax: Int = 1 << 24,
        trustlevel: Int64? = nil,
        features: String = """
        {"callee": {"features": {"call_canceling": true, "progressive_call_results": true,
         "registration_revocation": true}}}
        """,
        isLocal: Bool = false, ticket: String? = nil, authorizer: AuthorizerProcedure? = nil
    ) throws {
        lastSession += 1
        let link = Link()
        let format = WireFormat(serializer: serializer, framing: framing)
        let session = JoiningSession(
            id: SessionID(lastSession),
            principal: Principal(
                authid: name, authrole: role, authmethod: "anonymous", authprovider: "static",
                permissions: authorizer == nil ? permissions : Permissions([]), authorizer: authorizer,
                trustlevel: trustlevel),
            peer: PeerIdentity(address: "127.0.0.1", isLoopback: true, isEncrypted: false),
            features: try ClientFeatures(roles: features),
            format: format, loop: 0, frameBytesMax: frameBytesMax,
            isLocal: isLocal, resumeTicket: ticket.map(ResumeTicket.init(text:)), link: link)
        let handle = engine.join(session, welcome: .ofTests)
        peers[name] = Peer(handle: handle, link: link, format: format)
        names[ObjectIdentifier(link)] = name
        try collect()
        peers[name]?.waiting.removeFirst()
    }

    func handle(_ name: String) throws -> SessionHandle { try #require(peers[name]).handle }

    /// The roles of a client that knows all of the Advanced Profile that a dealer has to know of.
    static let allFeatures = """
        {"caller": {"features": {"progressive_call_results": true, "progressive_call_invocations": true,
          "call_canceling": true, "call_timeout": true, "payload_passthru_mode": true}},
         "callee": {"features": {"progressive_call_results": true, "progressive_call_invocations": true,
          "call_canceling": true, "call_timeout": true, "call_reroute": true, "payload_passthru_mode": true,
          "registration_revocation": true, "sharded_registration": true}}}
        """

    /// Sends messages, one a line.
    mutating func send(_ name: String, _ messages: String) throws {
        let peer = try #require(peers[name])
        for line in messages.split(separator: "\n") {
            let value = try Value.decode(Array(line.utf8), .json)
            let serializer = peer.format.serializer
            let message = try ReceivedMessage(ByteBuffer(bytes: value.encoded(serializer)), serializer)
            engine.receive(
                message.head, message.bytes.readableBytesUInt8Span, message.serializer, from: peer.handle)
        }
        try collect()
    }

    /// Asserts that exactly these messages, one a line, have reached a session since it was last asked.
    mutating func expect(
        _ name: String, _ messages: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try collect()
        let waiting = try #require(peers[name]).waiting
        peers[name]?.waiting = []
        let lines = messages.split(separator: "\n")
        let texts = waiting.map { String(decoding: $0.encoded(.json), as: UTF8.self) }
        guard lines.count == waiting.count else {
            Issue.record(
                "\(name): expected \(lines.count) messages, got \(texts.joined(separator: "\n"))",
                sourceLocation: sourceLocation)
            return
        }
        for (line, (value, text)) in zip(lines, zip(waiting, texts)) {
            let expected = try Value.decode(Array(line.utf8), .json)
            if !value.fits(expected) {
                Issue.record("\(name): expected \(line), got \(text)", sourceLocation: sourceLocation)
            }
        }
    }

    /// Takes what has reached a session since it was last asked.
    mutating func takeAll(_ name: String) throws -> [Value] {
        try collect()
        defer { peers[name]?.waiting = [] }
        return try #require(peers[name]).waiting
    }

    /// Forgets what has reached a session.
    mutating func forget(_ name: String) throws { _ = try takeAll(name) }

    func isReadFrom(_ name: String) throws -> Bool { try #require(peers[name]).isReadFrom }

    /// Takes the one question that authorizers are to be asked now.
    mutating func question() throws -> AuthorizationQuestion {
        let questions = engine.takeQuestions()
        try #require(questions.count == 1, "\(questions.map(\.subject))")
        return questions[0]
    }

    /// An authorizer's answer to a question.
    mutating func decide(_ question: AuthorizationQuestion, _ answer: AuthorizerAnswer) throws {
        engine.decide(question.session, question.number, answer)
        try collect()
    }

    func ending(_ name: String) throws -> Delivery.Ending { try #require(peers[name]).ending }

    /// Moves the clock, and lets deadlines come.
    mutating func wait(milliseconds: UInt64) throws {
        engine.now += milliseconds
        engine.deadlineReached()
        try collect()
    }

    /// Loses a session's connection.
    mutating func disconnect(_ name: String) throws {
        let peer = try #require(peers[name])
        engine.disconnected(peer.handle, peer.link)
        try collect()
    }

    /// Connects again with a ticket; false when it opens nothing.
    mutating func resume(
        _ name: String, _ session: UInt64, ticket: String, next: String, isEncrypted: Bool = false,
        format: WireFormat = WireFormat(serializer: .json, framing: .rawSocket), frameBytesMax: Int = 1 << 24
    ) throws -> Bool {
        let link = Link()
        let connection = ResumingConnection(
            ticket: ResumeTicket(text: ticket), nextTicket: ResumeTicket(text: next),
            peer: PeerIdentity(address: "127.0.0.1", isLoopback: true, isEncrypted: isEncrypted),
            format: format, loop: 0, frameBytesMax: frameBytesMax, link: link)
        guard let handle = engine.resume(SessionID(session), connection) else { return false }
        peers[name] = Peer(handle: handle, link: link, format: format, waiting: peers[name]?.waiting ?? [])
        names[ObjectIdentifier(link)] = name
        try collect()
        return true
    }

    mutating func leave(_ name: String) throws {
        engine.leave(try handle(name))
        try collect()
    }

    private mutating func collect() throws {
        for (link, delivery) in engine.takeDeliveries(loop: 0) {
            // A name that has joined again has another link by now.
            guard let name = names[ObjectIdentifier(link)], let peer = peers[name], peer.link === link else { continue }
            for message in try delivery.received(in: peer.format.framing) {
                let value = try Value.decode(message.readableBytesUInt8Span, peer.format.serializer)
                peers[name]?.waiting.append(value)
            }
            peers[name]?.ending = delivery.ending
            if let reads = delivery.reads { peers[name]?.isReadFrom = reads }
        }
        if !engine.overflowed.isEmpty { engine.endOverflowedSessions() }
        engine.wakeLoops { _ in }
    }
}

extension Welcome {
    /// As short as there is one: some tests have transports that take little.
    static var ofTests: Welcome { Welcome(resumedWith: ResumeTicket(text: "")) }
}

extension RealmEngine {
    mutating func takeDeliveries(loop: Int) -> [(link: any SessionLink, delivery: Delivery)] {
        var spent: [ByteBuffer] = []
        return takeDeliveries(loop: loop, spent: &spent)
    }
}

extension Delivery {
    /// The messages that a client reads, whatever its transport.
    func received(in framing: Framing) throws -> [ByteBuffer] {
        guard framing.isWebSocket else {
            var parser = RawSocketFrameParser(messageBytesMax: 1 << 24)
            return try Self.messages(buffers, &parser)
        }
        let isText = framing != .webSocketBinary && framing != .lengthPrefixed
        var parser = WebSocketFrameParser(
            side: .client, messageBytesMax: 1 << 24, messageType: isText ? .text : .binary)
        guard framing.isPartial else { return try Self.messages(buffers, &parser) }
        let frames = FrameAssembler(isText: isText, isBatched: true).frames(buffers)
        return try Self.messages(frames, &parser).flatMap { payload in
            var batch = try MessageBatch(payload, isText ? .json : .messagePack)
            var messages: [ByteBuffer] = []
            while let message = try batch.next() { messages.append(message) }
            return messages
        }
    }

    private static func messages(_ frames: [ByteBuffer], _ parser: inout some FrameParser) throws -> [ByteBuffer] {
        var messages: [ByteBuffer] = []
        for frame in frames { parser.append(frame) }
        while case .message(let message, _) = try parser.next() { messages.append(message) }
        return messages
    }
}

extension Value {
    /// Whether this is what was expected; see `Transcript`.
    func fits(_ expected: Value) -> Bool {
        switch (self, expected) {
        case (_, .string("*")): true
        case (.list(let mine), .list(let theirs)):
            mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.fits($1) }
        case (.dictionary(let mine), .dictionary(let theirs)):
            theirs.isEmpty
                ? mine.isEmpty : theirs.allSatisfy { key, value in mine[key].map { $0.fits(value) } ?? false }
        default: self == expected
        }
    }
}

extension ClientFeatures {
    /// Reads `HELLO.Details.roles` in JSON.
    init(roles json: String) throws {
        let bytes = Array(json.utf8)
        try self.init(roles: ByteRange(0, bytes.count), bytes.span, .json)
    }
}
