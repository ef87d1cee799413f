import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

@testable import Listener

/// One end of a real socket, for tests: sends bytes, and waits for bytes.
final class TestClient: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    private init(_ channel: any Channel, _ inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Parameter tls: the PEM of the authority to trust; nil for a plain connection.
    static func connect(
        to address: SocketAddress, tls pem: String? = nil, maximum: TLSVersion? = nil
    ) async throws
        -> TestClient
    {
        let inbox = Inbox()
        var context: NIOSSLContext?
        if let pem {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
            configuration.minimumTLSVersion = .tlsv1
            configuration.maximumTLSVersion = maximum
            context = try NIOSSLContext(configuration: configuration)
        }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { [context] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox))
                }
            }
            .connect(to: address).get()
        return TestClient(channel, inbox)
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    func closeOutput() async throws { try await channel.close(mode: .output) }

    func close() async { try? await channel.close() }

    /// Waits for so many bytes, and takes them; fewer if the connection ends before.
    func receive(_ count: Int) async -> [UInt8] {
        await inbox.wait { bytes, isClosed in bytes.count >= count || isClosed }
        return inbox.take(count)
    }

    /// Waits for a text that ends so, and takes it; what there is if the connection ends before.
    func receive(through end: String) async -> String {
        let end = Array(end.utf8)
        func index(in bytes: [UInt8]) -> Int? {
            guard bytes.count >= end.count else { return nil }
            return (0...bytes.count - end.count).first { bytes[$0..<$0 + end.count].elementsEqual(end) }
        }
        var length: Int?
        await inbox.wait { bytes, isClosed in
            length = index(in: bytes).map { $0 + end.count }
            return length != nil || isClosed
        }
        return String(decoding: inbox.take(length ?? .max), as: UTF8.self)
    }

    /// Waits until the peer has closed the connection, and takes everything that came before.
    func receiveAll() async -> [UInt8] {
        await inbox.wait { _, isClosed in isClosed }
        return inbox.take(.max)
    }

    func receiveText() async -> String { String(decoding: await receiveAll(), as: UTF8.self) }
}

private final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let inbox: Inbox
    init(_ inbox: Inbox) { self.inbox = inbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.append(Array(buffer: Self.unwrapInboundIn(data)))
    }
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { inbox.close() }
        context.fireUserInboundEventTriggered(event)
    }
    func channelInactive(context: ChannelHandlerContext) { inbox.close() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// What has arrived, and who waits for it.
private final class Inbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    func append(_ bytes: [UInt8]) { change { $0.bytes += bytes } }
    func close() { change { $0.isClosed = true } }

    func take(_ count: Int) -> [UInt8] {
        state.withLock { state in
            let taken = Array(state.bytes.prefix(count))
            state.bytes.removeFirst(taken.count)
            return taken
        }
    }

    func wait(until isEnough: ([UInt8], Bool) -> Bool) async {
        while true {
            let (bytes, isClosed) = state.withLock { ($0.bytes, $0.isClosed) }
            if isEnough(bytes, isClosed) { return }
            await withCheckedContinuation { continuation in
                let isStale = state.withLock { state in
                    if state.bytes.count != bytes.count || state.isClosed != isClosed { return true }
                    state.waiter = continuation
                    return false
                }
                if isStale { continuation.resume() }
            }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
