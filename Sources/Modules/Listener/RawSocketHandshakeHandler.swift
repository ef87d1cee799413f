import NIOCore
import WAMP
import WAMPTransport

/// Agrees a serializer with a RawSocket client, and leaves the connection to the acceptor's handler.
final class RawSocketHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: Connection
    private var received = ByteBuffer()
    private var deadline = Deadline()
    /// The answer is on its way, or the connection is closing.
    private var isDone = false

    init(_ connection: Connection) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        let connection = connection
        deadline.set(after: connection.services.limits.httpHeadTimeout, on: context.eventLoop) {
            connection.log("no RawSocket handshake in time")
            channel.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return }
        var buffer = Self.unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        guard let octets = received.readBytes(length: RawSocketHandshake.bytes) else { return }
        isDone = true
        deadline.cancel()
        let request: RawSocketHandshake
        do throws(RawSocketHandshake.Refusal) {
            request = try RawSocketHandshake.request(octets)
        } catch {
            return refuse(error, context)
        }
        let answer = RawSocketHandshake(
            serializer: request.serializer, messageBytesMax: connection.services.limits.messageBytesMax)
        let handler = connection.accept(context.channel, serializer: request.serializer, framing: .rawSocket) {
            // What was announced is what holds, and it is a power of two.
            $0.messageBytesMax = answer.messageBytesMax
            $0.peerMessageBytesMax = request.messageBytesMax
        }
        guard let handler else { return refuse(.maximumConnectionsReached, context) }
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: answer.octets)), promise: nil)
        do {
            try context.pipeline.syncOperations.addHandler(handler)
        } catch {
            context.close(promise: nil)
            return
        }
        if received.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(received)) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.log("\(error)")
        context.close(promise: nil)
    }

    private func refuse(_ refusal: RawSocketHandshake.Refusal, _ context: ChannelHandlerContext) {
        connection.log("RawSocket handshake: \(refusal)")
        let octets = ByteBuffer(bytes: RawSocketHandshake.octets(refusing: refusal))
        let channel = context.channel
        context.writeAndFlush(Self.wrapOutboundOut(octets)).whenComplete { _ in channel.close(promise: nil) }
    }
}
