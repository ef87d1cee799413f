import Logging
import ModuleKit
import NIOCore

/// Says when a server socket accepts: in its loop's turn, and not while it cannot.
///
/// When connections cannot be accepted, for want of file descriptors mostly, NIO leaves the socket registered for
/// reading, and its loop would be told of the same waiting connection over and over (its `AcceptBackoffHandler` holds
/// back reads, but not those that are pending already). Reading is switched off for a moment instead; who waits, waits
/// in the kernel's queue. Said once per episode.
final class AcceptingHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(500)

    private let logger: Logger
    /// Nil where one socket accepts everything.
    private let turns: (AcceptTurns, loop: Int)?
    private var isFailing = false
    private var isPaused = false

    init(turns: (AcceptTurns, loop: Int)? = nil, logger: Logger) {
        self.turns = turns
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isFailing = false
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is AcceptTurns.Passed { applyReading(context.channel) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isFailing {
            isFailing = true
            logger.warning("cannot accept connections", metadata: .facts([.error: "\(error)"]))
        }
        guard !isPaused else { return }
        isPaused = true
        applyReading(context.channel)
        let bound = NIOLoopBound((self, context.channel), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            let (handler, channel) = bound.value
            handler.isPaused = false
            handler.applyReading(channel)
        }
    }

    private func applyReading(_ channel: any Channel) {
        let reads = !isPaused && (turns.map { turns, loop in turns.isTurn(of: loop) } ?? true)
        try? channel.syncOptions?.setOption(.autoRead, value: reads)
    }
}
