import NIOCore
import NIOHTTP1
import Synchronization

/// The body of an answer that does not end: Server-Sent Events (HTML Living Standard, "Server-sent events"), one for
/// each message, named `wamp`.
///
/// Between two loops: the session's writes, the connection's says when it takes no more and when it is gone.
final class EventStream: Sendable {
    private let source: CarriedChannel
    private let connection = Mutex<(any Channel)?>(nil)
    /// How long the last events may take to reach a reader.
    private static let linger = TimeAmount.seconds(10)

    init(of source: CarriedChannel) { self.source = source }

    var isWritable: Bool { connection.withLock { $0?.isWritable ?? false } }

    // MARK: The connection's side

    /// The head has been written.
    func begin(on channel: any Channel) {
        connection.withLock { $0 = channel }
        source.attach(self)
    }

    func becameWritable() { source.streamChanged(self, isGone: false) }

    /// The connection has closed.
    func gone() {
        connection.withLock { $0 = nil }
        source.streamChanged(self, isGone: true)
    }

    // MARK: The session's side

    func write(_ messages: [ByteBuffer]) {
        var events = ByteBuffer()
        for message in messages {
            events.writeString("event: wamp\ndata: ")
            Self.writeLine(message, to: &events)
            events.writeString("\n\n")
        }
        send(events)
    }

    /// Something that is no event, so that nobody on the way takes the connection for idle.
    func keepAlive() { send(ByteBuffer(string: ": keepalive\n\n")) }

    /// The session is over, or another stream has taken this one's place.
    func end() {
        send(ByteBuffer(string: "event: transport_error\ndata: session_terminated\n\n"))
        guard let channel = connection.withLock({ $0 }) else { return }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
        // One that does not read does not get that far.
        channel.eventLoop.scheduleTask(in: Self.linger) { channel.close(promise: nil) }
    }

    private func send(_ bytes: ByteBuffer) {
        guard let channel = connection.withLock({ $0 }) else { return }
        channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(bytes)), promise: nil)
    }

    /// A line break in JSON is white space between two values, and would end the event's line.
    private static func writeLine(_ json: ByteBuffer, to events: inout ByteBuffer) {
        events.writeBytes(json.readableBytesView.lazy.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
    }
}
