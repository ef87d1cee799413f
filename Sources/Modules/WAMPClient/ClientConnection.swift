package import ModuleKit
package import NIOCore
import NIOPosix
package import NIOSSL
package import WAMP
import WAMPTransport

extension Client {
    /// Connects, agrees on a serializer, joins a realm.
    ///
    /// - Throws: `wamp.error.network_failure` when there is no router, otherwise what its ABORT says.
    package static func connect(
        to endpoint: ClientEndpoint, realm: String, authentication: ClientAuthentication = .anonymous,
        serializer: Serializer = .messagePack, tls: NIOSSLContext? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws(WAMPError) -> Client {
        let loop = group.next()
        let joined = loop.makePromise(of: Client.self)
        do {
            let connection = ClientConnection(
                realm: realm, authentication, serializer,
                framing: endpoint.isWebSocket ? .webSocket(serializer) : .rawSocket, joined)
            _ = try await endpoint.connect(on: loop, tls: tls) { channel in
                if case .webSocket(let host, let port, let path, let isSecure) = endpoint {
                    let isUsualPort = port == (isSecure ? 443 : 80)
                    try channel.pipeline.syncOperations.addWebSocketOpening(
                        host: isUsualPort ? host : "\(host):\(port)", path: path, serializer)
                }
                try channel.pipeline.syncOperations.addHandler(connection)
            }.get()
        } catch {
            joined.fail(error)
        }
        do {
            return try await joined.futureResult.get()
        } catch let error as WAMPError {
            throw error
        } catch {
            throw WAMPError(.networkFailure, Payload([.string("no router answers: \(error)")]))
        }
    }
}

/// A client's connection: the transport's handshake, then HELLO to WELCOME, then messages for the `Client`.
//
// Unchecked: confined to its event loop; the client writes through `execute`.
private final class ClientConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Waits for the router's octets (RawSocket), or for the opening handler (WebSocket).
        case agreeing(ByteBuffer)
        case joining
        case joined(Client)
        case closed
    }

    private let realm: String
    private let authentication: ClientAuthentication
    private let serializer: Serializer
    private let framing: Framing
    private let promise: EventLoopPromise<Client>
    private var state = State.agreeing(ByteBuffer())
    private var parser: any FrameParser

    init(
        realm: String, _ authentication: ClientAuthentication, _ serializer: Serializer, framing: Framing,
        _ joined: EventLoopPromise<Client>
    ) {
        self.realm = realm
        self.authentication = authentication
        self.serializer = serializer
        self.framing = framing
        promise = joined
        let bytesMax = RawSocketFrame.payloadBytesMax
        parser =
            framing == .rawSocket
            ? RawSocketFrameParser(messageBytesMax: bytesMax)
            : WebSocketFrameParser(side: .client, messageBytesMax: bytesMax)
    }

    func channelActive(context: ChannelHandlerContext) {
        if framing == .rawSocket {
            let handshake = RawSocketHandshake(serializer: serializer, messageBytesMax: RawSocketFrame.payloadBytesMax)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: handshake.octets)), promise: nil)
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is WebSocketOpened, case .agreeing = state {
            state = .joining
            sayHello(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        do {
            if case .agreeing(var octets) = state {
                octets.writeBuffer(&buffer)
                guard let reply = octets.readBytes(length: RawSocketHandshake.bytes) else {
                    state = .agreeing(octets)
                    return
                }
                _ = try RawSocketHandshake.reply(reply, to: serializer)
                state = .joining
                sayHello(context)
                buffer = octets
            }
            parser.append(buffer)
            while let event = try parser.next() {
                switch event {
                case .message(let message, _): try messageReceived(message, context)
                case .ping(let payload): pong(payload, context)
                case .pong: break
                case .close: throw WAMPError(.networkFailure, Payload([.string("the router closed the connection")]))
                }
            }
        } catch {
            fail(error, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(WAMPError(.networkFailure, Payload([.string("the connection was lost")])), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error, context)
    }

    // MARK: Joining

    private func sayHello(_ context: ChannelHandlerContext) {
        var details: [String: Value] = [
            "roles": [
                "publisher": [:], "subscriber": [:],
                "caller": ["features": ["progressive_call_results": true, "call_canceling": true]],
                "callee": ["features": ["progressive_call_results": true, "call_canceling": true]],
            ],
            "authmethods": .list(authentication.authmethods.map { .string($0) }),
        ]
        if let authid = authentication.authid { details["authid"] = .string(authid) }
        send(context) { $0.handshake(.hello, realm, details) }
    }

    private func messageReceived(_ message: ByteBuffer, _ context: ChannelHandlerContext) throws {
        if case .joined(let client) = state { return client.receive(message) }
        let bytes = message.readableBytesUInt8Span
        let head = try MessageHead.decode(bytes, serializer)
        let details = try Value.decode(bytes, head.dictionary, serializer).dictionary ?? [:]
        switch head.type {
        case .welcome: welcomed(SessionID(head.id), context)
        case .challenge:
            guard let signature = authentication.signature(for: String(bytes, head.uri), details) else {
                throw WAMPError(
                    .authenticationFailed, Payload([.string("the router asks for another way to authenticate")]))
            }
            send(context) { $0.handshake(.authenticate, signature, [:]) }
        case .abort:
            let sentence = details["message"].map { Payload([$0]) } ?? .none
            throw WAMPError(ErrorURI(String(bytes, head.uri)), sentence)
        default: throw WAMPError(.protocolViolation)
        }
    }

    private func welcomed(_ session: SessionID, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let framing = framing
        let client = Client(id: session, realm: realm, serializer: serializer) { message in
            channel.writeAndFlush(framing.clientFrame(message), promise: nil)
        }
        state = .joined(client)
        promise.succeed(client)
    }

    // MARK: Writing

    private func send(_ context: ChannelHandlerContext, _ encode: (inout ValueWriter) -> Void) {
        var writer = ValueWriter(serializer)
        encode(&writer)
        context.writeAndFlush(wrapOutboundOut(framing.clientFrame(ByteBuffer(bytes: writer.bytes))), promise: nil)
    }

    private func pong(_ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        var frame: [UInt8] = []
        if framing == .rawSocket {
            frame = RawSocketFrame.control(.pong, payload: payload.readableBytesView)
        } else {
            WebSocketFrame.writeMasked(
                .pong, payload: payload.readableBytesView, maskingKey: .random(in: 0 ... .max), into: &frame)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: frame)), promise: nil)
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        switch state {
        case .agreeing, .joining: promise.fail(error)
        case .joined(let client): client.end(error as? WAMPError ?? WAMPError(.networkFailure))
        case .closed: return
        }
        state = .closed
        context.close(promise: nil)
    }
}

extension Framing {
    /// A message framed as a client sends it: masked on a WebSocket.
    fileprivate func clientFrame(_ message: ByteBuffer) -> ByteBuffer {
        var frame: [UInt8] = []
        frame.reserveCapacity(message.readableBytes + 14)
        if self == .rawSocket {
            writeHeader(length: message.readableBytes, into: &frame)
            frame.append(contentsOf: message.readableBytesView)
        } else {
            WebSocketFrame.writeMasked(
                self == .webSocketText ? .text : .binary, payload: message.readableBytesView,
                maskingKey: .random(in: 0 ... .max), into: &frame)
        }
        return ByteBuffer(bytes: frame)
    }
}
