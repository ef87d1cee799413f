import NIOCore

/// One connection of a load: bytes between its channel and its codec, and what it has under way.
///
/// Writes are collected until the end of the event loop's tick: what one tick has read is answered with one write, as
/// busy clients do, and a load of many small messages is not bounded by its system calls.
//
// Unchecked: confined to the event loop of its run.
final class LoadConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let role: LoadRole
    let codec: any LoadCodec
    /// Held until the channel has closed, which may be after the run has let go of its connections.
    private let run: LoadRun
    private var context: ChannelHandlerContext?
    private var buffer = ByteBuffer()

    let beginning: UInt64
    var isReady = false
    /// Stands in the run's list of connections to flush.
    var isDirty = false
    var credit = DeliveryCredit(window: 1, deliveriesPerPublication: 1)
    /// When the requests under way were sent, in a ring indexed by their numbers.
    private var sendTimes: [UInt64]

    /// - Parameter depth: how many requests it will have under way.
    init(_ role: LoadRole, _ codec: any LoadCodec, depth: Int, _ run: LoadRun) {
        self.role = role
        self.codec = codec
        self.run = run
        beginning = LoadRun.now()
        var slots = 1
        while slots < 2 * depth { slots *= 2 }
        sendTimes = Array(repeating: 0, count: depth > 0 ? slots : 0)
    }

    func sent(_ number: UInt64, at time: UInt64) {
        guard !sendTimes.isEmpty else { return }
        sendTimes[Int(truncatingIfNeeded: number) & (sendTimes.count - 1)] = time
    }

    /// Nanoseconds since a request was sent.
    func age(of number: UInt64, at now: UInt64) -> UInt64 {
        guard !sendTimes.isEmpty else { return 0 }
        let time = sendTimes[Int(truncatingIfNeeded: number) & (sendTimes.count - 1)]
        return now > time ? now - time : 0
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func flush() {
        isDirty = false
        guard let context else { return }
        buffer.clear()
        codec.drain(into: &buffer)
        if buffer.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(buffer), promise: nil) }
    }

    func close() { context?.close(promise: nil) }

    // MARK: The channel

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        codec.begin()
        flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        run.read(unwrapInboundIn(data), self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        run.closed(self, LoadError("the server closed the connection", isConnection: true))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        run.closed(self, LoadError("the connection failed: \(error)", isConnection: true))
        context.close(promise: nil)
    }
}
