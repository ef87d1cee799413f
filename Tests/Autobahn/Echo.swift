// The echo that Autobahn|Testsuite's fuzzing client talks to: the real listener and the real parser, and behind them a
// handler that sends every message back. Its arguments are the port and, to have messages compressed, `deflate`. See Tests/Autobahn/run.

import Listener
import Logging
import ModuleKit
import NIOCore
import NIOPosix
import WAMPTransport

@main
struct Echo {
    static func main() async throws {
        var configuration = ListenerConfiguration()
        configuration.address = "127.0.0.1"
        configuration.port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 9001
        configuration.compresses = CommandLine.arguments.contains("deflate")
        let listener = ListenerService(
            configuration: configuration, routes: RouteTable(), acceptor: EchoAcceptor(), tls: nil,
            group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "echo"))
        try await listener.bind()
        print("echo at ws://127.0.0.1:\(configuration.port)/ws")
        try await listener.run()
    }
}

struct EchoAcceptor: WAMPConnectionAcceptor {
    func accept(_ connection: TransportConnection, channel: any Channel) -> (any ChannelInboundHandler)? {
        EchoHandler(connection)
    }
}

/// Echoes text as text and binary as binary, and otherwise does what the router's handler does.
final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var parser: WebSocketFrameParser
    private let deflate: PerMessageDeflate?
    private var isClosing = false

    init(_ connection: TransportConnection) {
        deflate = connection.deflate
        parser = WebSocketFrameParser(
            side: .server, messageBytesMax: connection.messageBytesMax, inflates: connection.deflate != nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.append(Self.unwrapInboundIn(data))
        do throws(FramingViolation) {
            while let event = try parser.next() { received(event, context) }
        } catch {
            finish(WebSocketFrame.close(error.closeCode, reason: error.reason), context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    private func received(_ event: FrameEvent, _ context: ChannelHandlerContext) {
        switch event {
        case .message(let message, let isText):
            let assembler = FrameAssembler(isText: isText, isBatched: true, deflate: deflate)
            for part in assembler.frames([message]) { write(part, context) }
        case .ping(let payload):
            write(ByteBuffer(bytes: WebSocketFrame.control(.pong, payload: payload.readableBytesView)), context)
        case .pong: break
        case .close(let code, let reason):
            finish(WebSocketFrame.close(code, reason: reason), context)
        }
    }

    private func write(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        context.write(Self.wrapOutboundOut(buffer), promise: nil)
    }

    private func finish(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        write(ByteBuffer(bytes: bytes), context)
        isClosing = true
        context.flush()
        let channel = context.channel
        channel.close(mode: .output).whenFailure { _ in channel.close(promise: nil) }
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }
}
