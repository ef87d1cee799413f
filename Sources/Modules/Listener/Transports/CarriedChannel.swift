import NIOCore
import Synchronization
import WAMPTransport

// The router takes channels, whatever is below them. This one has no socket: it speaks to its handler as a RawSocket
// does, takes what clients post, and keeps what they fetch. So a session over HTTP has the same handshake, limits,
// counters, pings and farewells as any other. (NIO's HTTP/2 and SSH children are channels of the same kind.)

/// A connection that HTTP requests carry between them. Spec: "HTTP Longpoll Transport".
//
// Unchecked: everything mutable is confined to the event loop, but for what is atomic, and `ownPipeline`, which `init` sets.
final class CarriedChannel: Channel, ChannelCore, @unchecked Sendable {
    /// What a fetch comes back with.
    enum Fetched: Sendable {
        case messages([ByteBuffer])
        /// None has come in time, or another fetch has taken this one's place.
        case nothing
        /// The connection is over, and everything has been fetched.
        case ended
    }

    /// What became of posted messages.
    enum Posted: Sendable {
        case taken
        /// One is larger than allowed, or the connection is over.
        case refused
        /// The session takes none at the moment, and others wait already.
        case busy
    }

    /// Somebody who fetches, and may hang up, also before the fetch has begun.
    final class Waiter: Sendable {
        fileprivate let isGone = Atomic(false)
    }

    private enum Status: UInt8, AtomicRepresentable { case active, ended }

    /// How long last words wait to be fetched.
    private static let linger = TimeAmount.seconds(10)

    let eventLoop: any EventLoop
    let allocator = ByteBufferAllocator()
    let closePromise: EventLoopPromise<Void>
    private let isBatched: Bool
    /// The largest message that may be posted.
    private let messageBytesMax: Int
    private let status = Atomic(Status.active)
    private let isWritableNow = Atomic(true)

    private var ownPipeline: ChannelPipeline?
    private var parser = RawSocketFrameParser(messageBytesMax: RawSocketFrame.payloadBytesMax)
    private var mailbox = Mailbox()
    private var isOutputClosed = false
    private var isClosed = false
    private var isReading = true
    /// Messages that wait until the session takes some again.
    private var waitingPost: (messages: [ByteBuffer], promise: EventLoopPromise<Posted>)?
    private var fetch: (waiter: Waiter, promise: EventLoopPromise<Fetched>)?
    private var stream: EventStream?

    init(on eventLoop: any EventLoop, isBatched: Bool, messageBytesMax: Int) {
        self.eventLoop = eventLoop
        self.isBatched = isBatched
        self.messageBytesMax = min(messageBytesMax, RawSocketFrame.payloadBytesMax)
        closePromise = eventLoop.makePromise()
        ownPipeline = ChannelPipeline(channel: self)
    }

    /// Adds the handler of the acceptor. On the event loop.
    func begin(with handler: any ChannelHandler) throws {
        try pipeline.syncOperations.addHandler(handler)
    }

    // MARK: Requests

    /// Hands messages to the session, once it takes them.
    func post(_ messages: [ByteBuffer]) -> EventLoopFuture<Posted> {
        eventLoop.flatSubmit { [self] in
            guard isActive, !isOutputClosed, messages.allSatisfy({ $0.readableBytes <= messageBytesMax }) else {
                return eventLoop.makeSucceededFuture(.refused)
            }
            guard waitingPost == nil else { return eventLoop.makeSucceededFuture(.busy) }
            let promise = eventLoop.makePromise(of: Posted.self)
            if isReading { take(messages, promise) } else { waitingPost = (messages, promise) }
            return promise.futureResult
        }
    }

    private func take(_ messages: [ByteBuffer], _ promise: EventLoopPromise<Posted>) {
        for message in messages { receive(RawSocketFrame.header(length: message.readableBytes), message) }
        pipeline.fireChannelReadComplete()
        promise.succeed(.taken)
    }

    /// What is there, or what comes within a time.
    func fetch(_ waiter: Waiter, within time: TimeAmount) -> EventLoopFuture<Fetched> {
        eventLoop.flatSubmit { [self] in
            guard !waiter.isGone.load(ordering: .sequentiallyConsistent) else {
                return eventLoop.makeSucceededFuture(.nothing)
            }
            fetch?.promise.succeed(.nothing)
            let promise = eventLoop.makePromise(of: Fetched.self)
            fetch = (waiter, promise)
            let timeout = eventLoop.scheduleTask(in: time) { self.cancelFetch(waiter) }
            promise.futureResult.whenComplete { _ in timeout.cancel() }
            handOut()
            return promise.futureResult
        }
    }

    /// Whoever fetched does not wait any more.
    func cancelFetch(_ waiter: Waiter) {
        waiter.isGone.store(true, ordering: .sequentiallyConsistent)
        eventLoop.execute { [self] in
            guard fetch?.waiter === waiter else { return }
            fetch?.promise.succeed(.nothing)
            fetch = nil
        }
    }

    /// From now on messages go to this stream; the one before ends.
    func attach(_ stream: EventStream) {
        eventLoop.execute { [self] in
            self.stream?.end()
            self.stream = stream
            handOut()
        }
    }

    /// The stream has gone, or takes more.
    func streamChanged(_ stream: EventStream, isGone: Bool) {
        eventLoop.execute { [self] in
            guard self.stream === stream else { return }
            if isGone { self.stream = nil } else { handOut() }
        }
    }

    // MARK: To and from the handler

    private func receive(_ header: (UInt8, UInt8, UInt8, UInt8), _ payload: ByteBuffer) {
        var frame = allocator.buffer(capacity: RawSocketFrame.headerBytes + payload.readableBytes)
        frame.writeMultipleIntegers(header.0, header.1, header.2, header.3)
        frame.writeImmutableBuffer(payload)
        pipeline.syncOperations.fireChannelRead(NIOAny(frame))
    }

    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isOutputClosed else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        parser.append(unwrapData(data, as: ByteBuffer.self))
        while let event = try? parser.next() {
            switch event {
            case .message(let message, _): mailbox.put(message)
            case .ping(let payload): pinged(payload)
            case .pong, .close: break
            }
        }
        promise?.succeed()
    }

    /// Somebody who waits for messages is there; silence otherwise, which ends the session after some of them.
    private func pinged(_ payload: ByteBuffer) {
        guard fetch != nil || stream != nil else { return }
        stream?.keepAlive()
        eventLoop.execute { [self] in
            guard isActive else { return }
            receive(RawSocketFrame.header(.pong, length: payload.readableBytes), payload)
        }
    }

    func flush0() {
        handOut()
        updateWritability()
    }

    /// Gives what there is to whoever waits for it.
    private func handOut() {
        if let stream {
            while stream.isWritable, !mailbox.isEmpty { stream.write(mailbox.take(isBatched: true)) }
            if isOutputClosed, mailbox.isEmpty {
                stream.end()
                self.stream = nil
            }
        }
        if let waiting = fetch, !mailbox.isEmpty || isOutputClosed {
            fetch = nil
            waiting.promise.succeed(mailbox.isEmpty ? .ended : .messages(mailbox.take(isBatched: isBatched)))
        }
        updateWritability()
        if !isActive, mailbox.isEmpty { finish() }
    }

    private func updateWritability() {
        guard isWritableNow.exchange(mailbox.isWritable, ordering: .relaxed) != mailbox.isWritable, isActive else {
            return
        }
        eventLoop.execute { self.pipeline.fireChannelWritabilityChanged() }
    }

    private func setReading(_ reading: Bool) {
        isReading = reading
        guard reading, let (messages, promise) = waitingPost else { return }
        waitingPost = nil
        if isActive { take(messages, promise) } else { promise.succeed(.refused) }
    }

    // MARK: Ends

    /// The client wants no more of it.
    func abandon() {
        eventLoop.execute { [self] in
            close0(error: ChannelError.eof, mode: .all, promise: nil)
            finish()
        }
    }

    /// Closing it once more ends the wait for whoever may fetch the last words.
    func close(mode: CloseMode, promise: EventLoopPromise<Void>?) {
        eventLoop.execute { [self] in
            if isActive {
                pipeline.close(mode: mode, promise: promise)
            } else {
                finish()
                promise?.succeed()
            }
        }
    }

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        promise?.succeed()
        switch mode {
        case .input: break
        case .output:
            isOutputClosed = true
            handOut()
        case .all:
            isOutputClosed = true
            guard status.exchange(.ended, ordering: .relaxed) == .active else { return finish() }
            eventLoop.execute { [self] in
                pipeline.fireChannelInactive()
                pipeline.fireChannelUnregistered()
                removeHandlers(pipeline: pipeline)
                setReading(true)
                handOut()
            }
            eventLoop.scheduleTask(in: Self.linger) { self.finish() }
        }
    }

    private func finish() {
        guard !isClosed else { return }
        isClosed = true
        fetch?.promise.succeed(.ended)
        fetch = nil
        stream?.end()
        stream = nil
        closePromise.succeed()
    }
}

// MARK: What a channel is

extension CarriedChannel {
    // A pipeline and its channel know each other, so that it is made at the end of `init`; it never changes afterwards,
    // and may be asked for from any thread.
    var pipeline: ChannelPipeline { ownPipeline ?? ChannelPipeline(channel: self) }

    var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
    var localAddress: SocketAddress? { nil }
    var remoteAddress: SocketAddress? { nil }
    var parent: (any Channel)? { nil }
    var isWritable: Bool { isWritableNow.load(ordering: .relaxed) }
    var isActive: Bool { status.load(ordering: .relaxed) == .active }
    var _channelCore: any ChannelCore { self }

    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        guard option is ChannelOptions.Types.AutoReadOption, let value = value as? Bool else {
            return eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        return eventLoop.submit { self.setReading(value) }
    }

    func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func localAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
    func remoteAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
    func register0(promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
    func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }
    func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
    func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }
    func read0() {}
    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }
    func channelRead0(_ data: NIOAny) {}
    func errorCaught0(error: any Error) {}
}
