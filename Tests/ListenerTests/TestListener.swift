import Logging
import ModuleKit
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing
import WAMPTransport

@testable import Listener

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A listener on a free port of loopback, with an authority of its own and an acceptor that echoes.
struct TestListener {
    let service: ListenerService
    let acceptor: EchoAcceptor
    let routes: RouteTable
    let tls: TLSContextSource
    let authority: CertificateAuthority

    var address: SocketAddress { get throws { try #require(service.addresses.first) } }

    /// Runs `body` against a listener that serves, and shuts it down afterwards.
    static func with(
        _ configure: (inout ListenerConfiguration) -> Void = { _ in },
        acceptor: EchoAcceptor = EchoAcceptor(), group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        _ body: (TestListener) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let authority = try CertificateAuthority(directory: directory)
            let server = try authority.serverCertificate()
            let tls = try TLSContextSource(chain: server.chain, privateKey: server.privateKey)
            let routes = RouteTable()
            AuthorityPages(pem: try authority.pem, fingerprint: try authority.fingerprint).add(to: routes)
            var configuration = ListenerConfiguration()
            configuration.address = "127.0.0.1"
            configuration.port = 0
            configuration.limits.drainTimeout = .seconds(2)
            configure(&configuration)
            let service = ListenerService(
                configuration: configuration, routes: routes, acceptor: acceptor, tls: tls,
                group: group, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await service.bind()
            let listener = TestListener(
                service: service, acceptor: acceptor, routes: routes, tls: tls, authority: authority)
            let group = ServiceGroup(
                configuration: .init(
                    services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                let result: Result<Void, any Error>
                do { result = .success(try await body(listener)) } catch { result = .failure(error) }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                try result.get()
            }
        }
    }

    func client(tls isEncrypted: Bool = false) async throws -> TestClient {
        try await TestClient.connect(to: try address, tls: isEncrypted ? try authority.pem : nil)
    }
}

func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let url = URL.temporaryDirectory.appending(path: "gantry-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try await body(url.path())
}

/// Takes every connection, sends every message back, and remembers who came.
final class EchoAcceptor: WAMPConnectionAcceptor {
    private struct State {
        var connections: [TransportConnection] = []
        var loops: [ObjectIdentifier] = []
        var isOpen: Bool
        var authenticates: Bool
    }

    private let state: Mutex<State>

    var connections: [TransportConnection] { state.withLock { $0.connections } }
    /// The event loop of each connection.
    var loops: [ObjectIdentifier] { state.withLock { $0.loops } }

    /// - Parameters:
    ///   - isOpen: false refuses every connection.
    ///   - authenticates: every connection counts as authenticated at once.
    init(isOpen: Bool = true, authenticates: Bool = false) {
        state = Mutex(State(isOpen: isOpen, authenticates: authenticates))
    }

    func accept(_ connection: TransportConnection, channel: any Channel) -> (any ChannelInboundHandler)? {
        let (isOpen, authenticates) = state.withLock { state in
            state.connections.append(connection)
            state.loops.append(ObjectIdentifier(channel.eventLoop))
            return (state.isOpen, state.authenticates)
        }
        guard isOpen else { return nil }
        if authenticates { connection.admission.authenticated() }
        return connection.framing.isWebSocket
            ? EchoHandler(connection.webSocketParser(), connection.framing)
            : EchoHandler(connection.rawSocketParser(), connection.framing)
    }
}

final class EchoHandler<Parser: FrameParser>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var parser: Parser
    private let framing: Framing

    init(_ parser: Parser, _ framing: Framing) {
        self.parser = parser
        self.framing = framing
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.append(Self.unwrapInboundIn(data))
        do throws(FramingViolation) {
            while let event = try parser.next() {
                switch event {
                case .message(let message, _):
                    var bytes: [UInt8] = []
                    framing.writeHeader(length: message.readableBytes, into: &bytes)
                    bytes += Array(buffer: message)
                    write(bytes, context)
                case .ping(let payload): write(framing.pong(Array(buffer: payload)), context)
                case .pong: break
                case .close(let code, _): end(framing.close(code), context)
                }
            }
        } catch {
            end(framing.close(error.closeCode, reason: error.reason), context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { end(framing.close(.goingAway), context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private func end(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        let channel = context.channel
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}

/// A client's masked frame.
func masked(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    WebSocketFrame.writeMasked(.text, payload: Array(text.utf8), maskingKey: 0x1234_5678, into: &bytes)
    return bytes
}

/// The server's frame with the same message.
func unmasked(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    WebSocketFrame.writeHeader(.text, length: text.utf8.count, into: &bytes)
    return bytes + Array(text.utf8)
}

func upgradeRequest(path: String = "/ws", subprotocol: String = "wamp.2.json", extra: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Protocol: \(subprotocol)\r\n\(extra)\r\n"
}
