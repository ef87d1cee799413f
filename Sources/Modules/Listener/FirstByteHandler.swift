import ModuleKit
import NIOCore
import NIOSSL
import NIOTLS
import WAMPTransport

// The first stage of every connection, and once more inside TLS: it waits for one byte, builds the pipeline that the
// byte asks for, hands the bytes on and is gone.

/// Tells TLS, RawSocket and HTTP apart.
final class FirstByteHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var connection: Connection
    private var deadline = Deadline()

    init(_ connection: Connection) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) {
        // Inside TLS the handshake has yet to come.
        let limits = connection.services.limits
        expect(
            within: connection.isInsideTLS ? limits.tlsHandshakeTimeout : limits.httpHeadTimeout,
            connection.isInsideTLS ? "no TLS handshake in time" : "no first byte in time", context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = Self.unwrapInboundIn(data)
        guard let byte = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return }
        deadline.cancel()
        let pipeline = context.pipeline.syncOperations
        do {
            switch FirstByte.classify(byte, isEncrypted: connection.isInsideTLS) {
            case .tls:
                guard let tls = connection.services.tls?.context else {
                    return refuse("no TLS on this socket", context)
                }
                var encrypted = connection
                encrypted.peer.isEncrypted = true
                encrypted.isInsideTLS = true
                try pipeline.addHandlers([NIOSSLServerHandler(context: tls), FirstByteHandler(encrypted)])
            case .rawSocket:
                guard connection.services.policy.isTrusted(connection.peer) else {
                    return refuse("RawSocket without TLS", context)
                }
                try pipeline.addHandler(RawSocketHandshakeHandler(connection))
            case .http:
                try HTTPPipeline.add(to: context.channel, connection)
            case .unknown:
                return refuse("first byte of no protocol", context)
            }
        } catch {
            return refuse("pipeline: \(error)", context)
        }
        context.fireChannelRead(data)
        pipeline.removeHandler(context: context, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted:
            let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
            connection.peer.clientCertificate = certificate.flatMap(ClientCertificate.init(verified:))
            expect(within: connection.services.limits.httpHeadTimeout, "no first byte in TLS in time", context)
        case is ChannelShouldQuiesceEvent:
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { refuse("\(error)", context) }

    private func expect(within duration: Duration, _ failure: String, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let connection = connection
        deadline.set(after: duration, on: context.eventLoop) {
            connection.log(failure)
            channel.close(promise: nil)
        }
    }

    private func refuse(_ reason: String, _ context: ChannelHandlerContext) {
        connection.log(reason)
        context.close(promise: nil)
    }
}
