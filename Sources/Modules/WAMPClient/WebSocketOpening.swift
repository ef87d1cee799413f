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
    private var isAccepted = false

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
        switch unwrapInboundIn(data) {
        case .head(let head):
            do {
                _ = try WebSocketHandshake.reply(head, serializers: [serializer], nonce: nonce)
                isAccepted = true
            } catch {
                context.fireErrorCaught(error)
            }
        case .body: break
        case .end:
            // The decoder says this right behind the head of a 101; before it, nobody else could take what it says.
            if isAccepted { open(context) }
        }
    }

    /// The connection says HELLO as soon as it hears that the WebSocket is open, and its frames must not meet the codecs:
    /// the decoder looks at what is written, too, and goes only when it has handed on its left-over bytes.
    private func open(_ context: ChannelHandlerContext) {
        let pipeline = context.pipeline
        pipeline.syncOperations.removeHandler(encoder).whenFailure { _ in }
        pipeline.syncOperations.removeHandler(self).whenFailure { _ in }
        pipeline.syncOperations.removeHandler(decoder).whenSuccess {
            pipeline.fireUserInboundEventTriggered(WebSocketOpened())
        }
    }
}
