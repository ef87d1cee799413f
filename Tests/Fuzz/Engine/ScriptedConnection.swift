import NIOCore
import WAMP

@testable import Router
@testable import WAMPTransport

/// The client's end of a connection: bytes that the engine has delivered, as messages.
struct ScriptedConnection {
    final class Link: SessionLink {
        func deliver(_ frames: Delivery) {}
    }

    let link = Link()
    let session: SessionID
    var handle: SessionHandle
    let format: WireFormat
    let frameBytesMax: Int
    let isLocal: Bool
    var loop: Int
    var isWritable = true
    /// The connection is lost.
    var isLost = false
    /// The router has closed it.
    var isClosed = false
    var ticket: ResumeTicket?

    var isGone: Bool { isLost || isClosed }

    private var rawSocket = RawSocketFrameParser(messageBytesMax: 1 << 24)
    private var webSocket = WebSocketFrameParser(side: .client, messageBytesMax: 1 << 24)

    init(
        _ session: SessionID, _ format: WireFormat, frameBytesMax: Int, loop: Int, isLocal: Bool = false,
        ticket: ResumeTicket? = nil
    ) {
        self.session = session
        self.format = format
        self.frameBytesMax = frameBytesMax
        self.loop = loop
        self.isLocal = isLocal
        self.ticket = ticket
        handle = SessionHandle(slot: 0, id: session)
    }

    /// The messages of a delivery, whole as the engine promises them.
    mutating func messages(_ delivery: Delivery) throws -> [Value] {
        var frames: [ByteBuffer] = []
        switch format.framing {
        case .rawSocket: frames = try Self.read(&rawSocket, delivery)
        case .webSocketText, .webSocketBinary: frames = try Self.read(&webSocket, delivery)
        case .recordSeparated, .cancelSeparated, .lengthPrefixed:
            var whole = ByteBuffer()
            delivery.forEachBuffer { whole.writeImmutableBuffer($0) }
            guard whole.readableBytes > 0 else { return [] }
            var batch = try MessageBatch(whole, format.framing == .lengthPrefixed ? .messagePack : .json)
            while let message = try batch.next() { frames.append(message) }
        }
        guard frames.allSatisfy({ $0.readableBytes <= frameBytesMax }) else { throw FramingViolation.messageTooBig }
        return try frames.map { try Value.decode($0.readableBytesUInt8Span, format.serializer) }
    }

    private static func read(_ parser: inout some FrameParser, _ delivery: Delivery) throws -> [ByteBuffer] {
        delivery.forEachBuffer { parser.append($0) }
        var frames: [ByteBuffer] = []
        while let event = try parser.next() {
            guard case .message(let message, _) = event else { throw FramingViolation.reservedFrameType }
            frames.append(message)
        }
        return frames
    }
}
