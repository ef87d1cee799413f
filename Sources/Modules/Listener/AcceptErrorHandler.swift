import Logging
import ModuleKit
import NIOCore

/// Keeps a server socket calm when connections cannot be accepted, for want of file descriptors mostly.
///
/// NIO leaves the socket registered for reading then, and its loop would be told of the same waiting connection over
/// and over (its `AcceptBackoffHandler` holds back reads, but not those that are pending already). Reading is switched
/// off for a moment instead; who waits, waits in the kernel's queue. Said once per episode.
final class AcceptErrorHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(500)

    private let logger: Logger
    private var isFailing = false
    private var isPaused = false

    init(logger: Logger) { self.logger = logger }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isFailing = false
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isFailing {
            isFailing = true
            logger.warning("cannot accept connections", metadata: .facts([.error: "\(error)"]))
        }
        guard !isPaused else { return }
        isPaused = true
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        let bound = NIOLoopBound((self, context.channel), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            let (handler, channel) = bound.value
            handler.isPaused = false
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
