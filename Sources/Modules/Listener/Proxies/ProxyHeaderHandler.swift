import ModuleKit
import NIOCore

/// The first stage of a connection from a proxy: who is behind it? Then it makes way for the stage that every other
/// connection begins with. A proxy that says nothing of the kind is refused: guessing is how addresses are forged.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: Connection
    private var received = ByteBuffer()
    private var deadline = Deadline()
    private var isDone = false

    init(_ connection: Connection) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        let connection = connection
        deadline.set(after: connection.services.limits.httpHeadTimeout, on: context.eventLoop) {
            connection.log("no PROXY header in time")
            channel.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = Self.unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        guard !isDone else { return }
        switch ProxyHeader.parse(Array(received.readableBytesView.prefix(ProxyHeader.bytesMax))) {
        case .incomplete: break
        case .invalid: refuse("no PROXY header", context)
        case .header(let header, let bytes):
            isDone = true
            deadline.cancel()
            received.moveReaderIndex(forwardBy: bytes)
            proceed(header, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { refuse("\(error)", context) }

    private func proceed(_ header: ProxyHeader, _ context: ChannelHandlerContext) {
        var connection = connection
        if let octets = header.address {
            guard let address = PeerAddress(proxied: octets) else { return refuse("PROXY header: no address", context) }
            guard connection.admission.move(to: address) else {
                return refuse("too many connections from \(address.text)", context)
            }
            connection.peer.address = address.text
            connection.peer.isEncrypted = header.isEncrypted
        }
        do {
            try context.pipeline.syncOperations.addHandler(FirstByteHandler(connection))
        } catch {
            return refuse("pipeline: \(error)", context)
        }
        if received.readableBytes > 0 {
            context.fireChannelRead(Self.wrapInboundOut(received))
            context.fireChannelReadComplete()
        }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func refuse(_ reason: String, _ context: ChannelHandlerContext) {
        isDone = true
        connection.log(reason)
        context.close(promise: nil)
    }
}
