import NIOCore
import NIOHTTP1
import WAMP
import WAMPTransport

/// The event that tells a connection that its WebSocket is open.
struct WebSocketOpened: Sendable {}

extension ChannelPipeline.SynchronousOperations {
    /// Adds what opens a WebSocket and then takes itself and its HTTP codecs out again.
    func addWebSocketOpening(host: String, path: String, _ serializer: Serializer) throws {
        let encoder = HTTPRequestEncoder()
        let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
        let opening = WebSocketOpening(host: host, path: path, serializer, encoder: encoder, decoder: decoder)
        try addHandlers([encoder, decoder, opening])
    }
}

/// A client's opening handshake. Bytes that come behind the response's head are the first frames.
private final class WebSocketOpening: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = HTTPClientRequestPart

    private let host: String
    private let path: String
    private let serializer: Serializer
    private let encoder: HTTPRequestEncoder
    private let decoder: ByteToMessageHandler<HTTPResponseDecoder>
    private let nonce: [UInt8]

    init(
        host: String, path: String, _ serializer: Serializer, encoder: HTTPRequestEncoder,
        decoder: ByteToMessageHandler<HTTPResponseDecoder>
    ) {
        self.host = host
        self.path = path
        self.serializer = serializer
        self.encoder = encoder
        self.decoder = decoder
        var generator = SystemRandomNumberGenerator()
        nonce = (0..<16).map { _ in .random(in: 0 ... .max, using: &generator) }
    }

    func channelActive(context: ChannelHandlerContext) {
        let head = WebSocketHandshake.request(host: host, path: path, serializers: [serializer], nonce: nonce)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        do {
            _ = try WebSocketHandshake.reply(head, serializers: [serializer], nonce: nonce)
        } catch {
            context.fireErrorCaught(error)
            return
        }
        context.fireUserInboundEventTriggered(WebSocketOpened())
        let operations = context.pipeline.syncOperations
        // The order matters: the decoder hands its left-over bytes to whoever stands behind it when it goes.
        operations.removeHandler(self).whenFailure { _ in }
        operations.removeHandler(encoder).whenFailure { _ in }
        operations.removeHandler(decoder).whenFailure { _ in }
    }
}
