import ModuleKit
import NIOCore
import WAMP
import WAMPTransport

/// A peer's connection: bytes off the wire become messages, messages become a handshake or go to the realm, and
/// what the realm has for the session is written.
///
/// The last handler of its channel, there from the first message to the last byte; it holds no task. Everything
/// in it happens on the channel's event loop. `+Opening` has the way from HELLO to WELCOME, `+Sweep` what time does.
//
// Unchecked: confined to its event loop. Only `deliver` is called from elsewhere in the code, by `Realm.flush`,
// which runs on this loop as well; the closures that cross threads do so through `eventLoop.execute`.
final class SessionChannelHandler<Parser: FrameParser>: ChannelInboundHandler, SessionLink, SweptConnection,
    @unchecked Sendable
{
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum State {
        case opening(SessionHandshake)
        case joined(Realm, SessionHandle)
        /// The peer has said GOODBYE, and what it sent behind it is the next session's: it waits for the answer to leave.
        case leaving(Realm, SessionHandle, held: [ByteBuffer])
        /// The session is over: what its outbox has left is on its way, and behind that go these bytes.
        case parting([UInt8])
        /// Says its last words, and reads nothing any more.
        case closing
    }

    let host: RouterHost
    let connection: TransportConnection
    var parser: Parser
    /// As agreed, but for JSON batches: there the peer's first one shows how it separates messages.
    var framing: Framing
    /// Completes frames, where messages are parts of them.
    private let assembler: FrameAssembler?
    var state = State.opening(SessionHandshake())
    var context: ChannelHandlerContext?
    /// Messages of one read, on their way to the realm; kept for its memory.
    private var batch: [ReceivedMessage] = []
    var isWritable = true
    /// What this peer sends has nowhere to go at the moment.
    var holdsBack = false

    /// When the last HELLO came.
    var helloAt = NIODeadline.now()

    // Of the sweep
    var openedAt = NIODeadline.now()
    var lastRead = NIODeadline.now()
    var unwritableSince: NIODeadline?
    /// What waited to be written when that was looked at last.
    var unwrittenBytes = Int.max
    var unansweredPings = 0

    init(_ host: RouterHost, _ connection: TransportConnection, _ parser: Parser) {
        self.host = host
        self.connection = connection
        self.parser = parser
        framing = connection.framing
        assembler = connection.frameAssembler
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        host.connections(of: context.eventLoop).insert(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func end(_ context: ChannelHandlerContext) {
        guard self.context != nil else { return }
        host.connections(of: context.eventLoop).remove(self)
        if case .joined(let realm, let handle) = state { realm.disconnected(handle, self) }
        abandonGoodbye()
        state = .closing
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = .now()
        unansweredPings = 0
        parser.append(unwrapInboundIn(data))
        do throws(FramingViolation) {
            while let event = try parser.next() { try received(event) }
            route()
        } catch {
            route()
            violated(error)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        unwritableSince = isWritable ? nil : .now()
        applyReading(context)
        switch state {
        case .joined(let realm, let handle), .leaving(let realm, let handle, _):
            realm.writabilityChanged(handle, self, isWritable: isWritable)
        case .opening, .parting, .closing: break
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { dismiss(.systemShutdown, "the router shuts down") }
        context.fireUserInboundEventTriggered(event)
    }

    /// A peer that does not read what it asked for is not asked for more, nor one that sends faster than the module
    /// that it sends to can take it.
    private func applyReading(_ context: ChannelHandlerContext) {
        context.channel.setOption(.autoRead, value: isWritable && !holdsBack).whenFailure { _ in }
    }

    // MARK: Frames

    private func received(_ event: FrameEvent) throws(FramingViolation) {
        switch event {
        case .message(let buffer, _) where connection.isBatched: try batchReceived(buffer)
        case .message(let buffer, _): messageReceived(buffer)
        case .ping(let payload): write(framing.pong(payload.readableBytesView))
        case .pong: break
        case .close(let code, _):
            if case .parting = state { break }
            route()
            if case .joined(let realm, let handle) = state { realm.disconnected(handle, self) }
            finish(framing.close(code))
        }
    }

    private func batchReceived(_ buffer: ByteBuffer) throws(FramingViolation) {
        var messages = try MessageBatch(buffer, connection.serializer)
        if case .opening = state { framing = messages.framing }
        while let message = try messages.next() {
            messageReceived(message)
            // A large batch of small messages must not stand in memory once more, decoded.
            if batch.count >= 1024 { route() }
        }
    }

    private func messageReceived(_ buffer: ByteBuffer) {
        switch state {
        case .closing, .parting: return
        case .leaving(let realm, let handle, var held):
            held.append(buffer)
            state = .leaving(realm, handle, held: held)
            // The answer leaves with this tick, so there is never more than one read of these; an authorizer may take
            // longer over what was sent before.
            if held.count > Self.heldMax { finish([]) }
            return
        case .opening where buffer.readableBytes > connection.messageBytesMaxBeforeWelcome:
            // It began while the limit was that of the session before.
            return violated(.messageTooBig)
        case .opening, .joined: break
        }
        do throws(WireError) {
            let message = try ReceivedMessage(buffer, connection.serializer)
            if case .opening(var handshake) = state {
                let action = try handshake.receive(message, from: connection.peer, as: host.newSessionID())
                state = .opening(handshake)
                perform(action)
            } else {
                batch.append(message)
                if message.head.type == .goodbye { goodbyeReceived(message) }
            }
        } catch {
            route()
            // The parser left the check of whole frames to the JSON reader: RFC 6455 wants its own close code.
            if error.kind == .invalidUTF8, connection.isText { return violated(.invalidUTF8) }
            abort(
                .protocolViolation,
                "the \(connection.serializer.name) bytes are no message: \(error.kind) at \(error.offset)")
        }
    }

    private static var heldMax: Int { 4096 }

    /// What follows a GOODBYE on this transport is a new session's.
    private func goodbyeReceived(_ message: ReceivedMessage) {
        if case .joined(let realm, _) = state, connection.peer.cookie != nil {
            let reason = String(message.bytes.readableBytesUInt8Span.extracting(message.head.uri.range))
            if reason == ErrorURI.logout.rawValue {
                host.authenticators.authenticator(for: realm.uri)?.signedOut(connection.peer, of: realm.uri)
            }
        }
        route()
        if case .joined(let realm, let handle) = state { state = .leaving(realm, handle, held: []) }
    }

    /// A GOODBYE may still wait in the realm, behind what an authorizer has to decide; there is nobody left to answer.
    private func abandonGoodbye() {
        if case .leaving(let realm, let handle, _) = state { realm.disconnected(handle, self) }
    }

    /// The answer to GOODBYE is written: the transport is ready for another session.
    private func left() {
        guard case .leaving(_, _, let held) = state else { return }
        state = .opening(SessionHandshake())
        openedAt = .now()
        parser.messageBytesMax = connection.messageBytesMaxBeforeWelcome
        // Whoever held the session back has no session to let go.
        if holdsBack, let context {
            holdsBack = false
            applyReading(context)
        }
        guard connection.admission.beganAnew() else {
            // Who has asked for no other session hears nothing of it.
            guard !held.isEmpty else { return finish(framing.close(.normalClosure)) }
            return abort(.unavailable, "too many connections have no session")
        }
        for message in held { messageReceived(message) }
        route()
    }

    private func route() {
        guard !batch.isEmpty else { return }
        if case .joined(let realm, let handle) = state { realm.receive(batch, from: handle, self) }
        batch.removeAll(keepingCapacity: batch.capacity <= 64)
    }

    private func violated(_ violation: FramingViolation) {
        let close = framing.close(violation.closeCode, reason: violation.reason)
        // A message that is too big is one that WAMP can still answer; broken framing is below it.
        let isAnswered = violation == .messageTooBig
        let sentence = "a message is longer than the limit"
        switch state {
        case .closing, .parting: return
        case .opening:
            if isAnswered { write(encode { $0.farewell(.abort, .payloadSizeExceeded, message: sentence) }) }
            finish(close)
        // What it has been answered before comes before the last word.
        case .joined(let realm, let handle):
            state = .parting(close)
            if isAnswered {
                realm.abort(handle, self, .payloadSizeExceeded, sentence)
            } else {
                realm.leave(handle, self, .close)
            }
        // Its GOODBYE may still wait in the realm; if it does not, this is for nobody.
        case .leaving(let realm, let handle, _):
            state = .parting(close)
            realm.leave(handle, self, .close)
        }
        host.counters.framingViolations.add(1)
    }

    // MARK: Writing

    func deliver(_ delivery: Delivery) {
        guard let context else { return }
        if let reads = delivery.reads { holdsBack = !reads; applyReading(context) }
        if let assembler {
            for frames in assembler.frames(delivery.buffers) { context.write(wrapOutboundOut(frames), promise: nil) }
        } else {
            delivery.forEachBuffer { context.write(wrapOutboundOut($0), promise: nil) }
        }
        if case .parting(let lastBytes) = state, delivery.ending != .none { return finish(lastBytes) }
        switch delivery.ending {
        case .none: context.flush()
        case .leave:
            context.flush()
            left()
        case .close:
            if case .joined = state { state = .opening(SessionHandshake()) }
            finish(framing.close(.normalClosure))
        }
    }

    func encode(_ write: (inout ValueWriter) -> Void) -> [UInt8] {
        var writer = ValueWriter(connection.serializer)
        write(&writer)
        var frame: [UInt8] = []
        framing.writeHeader(length: writer.bytes.count, into: &frame)
        frame += writer.bytes
        if let trailer = framing.trailer { frame.append(trailer) }
        guard let assembler else { return frame }
        return assembler.frames([ByteBuffer(bytes: frame)]).flatMap { Array(buffer: $0) }
    }

    func write(_ bytes: [UInt8]) {
        guard let context, !bytes.isEmpty else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    // MARK: Endings

    /// ABORT, in whatever state.
    func abort(_ reason: ErrorURI, _ message: String) {
        if case .joined(let realm, let handle) = state { return realm.abort(handle, self, reason, message) }
        switch state {
        case .closing, .parting: return
        default: break
        }
        write(encode { $0.farewell(.abort, reason, message: message) })
        finish(framing.close(.normalClosure))
    }

    private func dismiss(_ reason: ErrorURI, _ message: String) {
        switch state {
        case .joined(let realm, let handle): realm.dismiss(handle, self, reason, message)
        case .closing, .parting: break
        case .opening, .leaving: finish(framing.close(.goingAway))
        }
    }

    /// Writes the last bytes, closes this side, and gives the peer a moment to read them and close its own: a socket
    /// that is closed with unread input resets, and takes what it has just sent with it.
    func finish(_ lastBytes: [UInt8]) {
        guard let context else { return }
        if case .closing = state { return }
        abandonGoodbye()
        state = .closing
        write(lastBytes)
        context.flush()
        let channel = context.channel
        channel.close(mode: .output).whenFailure { _ in channel.close(promise: nil) }
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }
}
