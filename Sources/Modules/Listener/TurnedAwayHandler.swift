import NIOCore
import WAMPTransport

/// The only handler of a connection that is one too many: a RawSocket client is told so in its handshake, and whoever
/// speaks anything else, or nothing for a second, is disconnected. Spec: WAMP-04 "RawSocket Transport", "Handshake".
final class TurnedAwayHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let patience = Duration.seconds(1)
    private var received = ByteBuffer()
    private var deadline = Deadline()
    private var isTold = false

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline.set(after: Self.patience, on: context.eventLoop) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = Self.unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        guard received.readableBytesView.first == RawSocketHandshake.magic else { return context.close(promise: nil) }
        guard received.readableBytes >= RawSocketHandshake.bytes, !isTold else { return }
        isTold = true
        let octets = RawSocketHandshake.octets(refusing: .maximumConnectionsReached)
        let channel = context.channel
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: octets))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
