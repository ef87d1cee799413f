import ModuleKit
import NIOCore
import NIOEmbedded
import Router
import WAMP
import WAMPTransport

/// One connection of the router under measurement, from the peer's side.
final class Peer {
    let serializer: Serializer
    let framing: Framing
    private let channel: EmbeddedChannel
    private let written = WrittenBytes()

    init(_ router: RouterHost, _ loop: EmbeddedEventLoop, usesRawSocket: Bool) throws {
        serializer = usesRawSocket ? .messagePack : .json
        framing = usesRawSocket ? .rawSocket : .webSocketText
        channel = EmbeddedChannel(handler: written, loop: loop)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/in/this/process")).wait()
        let connection = TransportConnection(
            peer: PeerIdentity(address: "127.0.0.1", isLoopback: true, isEncrypted: false), serializer: serializer,
            framing: framing, messageBytesMaxBeforeWelcome: 16 << 10, messageBytesMax: 16 << 20,
            admission: Unlimited())
        guard let handler = router.accept(connection, channel: channel) else {
            throw Mistake("the router does not take the connection")
        }
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    /// Bytes that the router has written to this peer.
    var receivedBytes: Int { written.count }

    /// Hands one read of the socket to the router.
    func send(_ frames: ByteBuffer) throws { try channel.writeInbound(frames) }

    /// A message as this peer puts it on the wire.
    func frame(_ write: (inout ValueWriter) -> Void, into bytes: inout [UInt8]) {
        var writer = ValueWriter(serializer)
        write(&writer)
        if framing == .rawSocket {
            framing.writeHeader(length: writer.bytes.count, into: &bytes)
            bytes.append(contentsOf: writer.bytes)
        } else {
            WebSocketFrame.writeMasked(.text, payload: writer.bytes, maskingKey: 0x5A17_C3D4, into: &bytes)
        }
    }

    func join() throws {
        var bytes: [UInt8] = []
        frame({ $0.handshake(.hello, Workload.realm, Workload.hello) }, into: &bytes)
        try send(ByteBuffer(bytes: bytes))
    }
}

/// Takes what is written and counts it, at no cost that grows.
private final class WrittenBytes: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var count = 0

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        count += Self.unwrapOutboundIn(data).readableBytes
        promise?.succeed()
    }
}

private struct Unlimited: ConnectionAdmission {
    func authenticated() {}
    func beganAnew() -> Bool { true }
}
