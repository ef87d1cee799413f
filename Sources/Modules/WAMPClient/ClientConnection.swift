package import ModuleKit
package import NIOCore
import NIOPosix
package import NIOSSL
package import WAMP
import WAMPTransport

/// Where a router listens for RawSocket.
package enum ClientEndpoint: Sendable {
    case unix(path: String)
    case tcp(host: String, port: Int)
    case tls(host: String, port: Int, NIOSSLContext)
}

extension Client {
    /// Connects, agrees on a serializer, joins a realm.
    ///
    /// - Throws: `wamp.error.network_failure` when there is no router, otherwise what its ABORT says.
    package static func connect(
        to endpoint: ClientEndpoint, realm: String, authentication: ClientAuthentication = .anonymous,
        serializer: Serializer = .messagePack, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws(WAMPError) -> Client {
        let loop = group.next()
        let joined = loop.makePromise(of: Client.self)
        let handler = ClientConnection(realm: realm, authentication, serializer, joined)
        let bootstrap = ClientBootstrap(group: loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if case .tls(let host, _, let context) = endpoint {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: host.isAddress ? nil : host))
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        do {
            switch endpoint {
            case .unix(let path):
                // TCP's option does not fit a unix socket.
                _ = try await ClientBootstrap(group: loop)
                    .channelInitializer { $0.pipeline.addHandler(handler) }
                    .connect(unixDomainSocketPath: path).get()
            case .tcp(let host, let port), .tls(let host, let port, _):
                _ = try await bootstrap.connect(host: host, port: port).get()
            }
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

extension String {
    /// Certificates name hosts; an address is checked as such and not sent as a name.
    fileprivate var isAddress: Bool { (try? SocketAddress(ipAddress: self, port: 0)) != nil }
}

/// A client's RawSocket: the octets of the transport, then HELLO to WELCOME, then messages for the `Client`.
//
// Unchecked: confined to its event loop; the client writes through `execute`.
private final class ClientConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case agreeing(ByteBuffer)
        case joining
        case joined(Client)
        case closed
    }

    private let realm: String
    private let authentication: ClientAuthentication
    private let serializer: Serializer
    private let promise: EventLoopPromise<Client>
    private var state = State.agreeing(ByteBuffer())
    private var parser = RawSocketFrameParser(messageBytesMax: RawSocketFrame.payloadBytesMax)

    init(
        realm: String, _ authentication: ClientAuthentication, _ serializer: Serializer, _ joined: EventLoopPromise<Client>
    ) {
        self.realm = realm
        self.authentication = authentication
        self.serializer = serializer
        promise = joined
    }

    func channelActive(context: ChannelHandlerContext) {
        let handshake = RawSocketHandshake(serializer: serializer, messageBytesMax: RawSocketFrame.payloadBytesMax)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: handshake.octets)), promise: nil)
        context.fireChannelActive()
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
                case .ping(let payload): write(RawSocketFrame.control(.pong, payload: payload.readableBytesView), context)
                case .pong, .close: break
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
                "callee": ["features": ["progressive_call_results": true]],
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
                throw WAMPError(.authenticationFailed, Payload([.string("the router asks for another way to authenticate")]))
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
        let client = Client(id: session, realm: realm, serializer: serializer) { message in
            let header = RawSocketFrame.header(length: message.readableBytes)
            var frame = channel.allocator.buffer(capacity: 4 + message.readableBytes)
            frame.writeBytes([header.0, header.1, header.2, header.3])
            frame.writeImmutableBuffer(message)
            channel.writeAndFlush(frame, promise: nil)
        }
        state = .joined(client)
        promise.succeed(client)
    }

    // MARK: Writing

    private func send(_ context: ChannelHandlerContext, _ encode: (inout ValueWriter) -> Void) {
        var writer = ValueWriter(serializer)
        encode(&writer)
        var frame: [UInt8] = []
        Framing.rawSocket.writeHeader(length: writer.bytes.count, into: &frame)
        write(frame + writer.bytes, context)
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
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
