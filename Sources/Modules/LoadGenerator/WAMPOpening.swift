import NIOCore
import NIOHTTP1
import WAMP
import WAMPClient
import WAMPTransport

/// The handshake of the transport, from the client's side: a WebSocket's request and response, or a RawSocket's octets.
struct WAMPOpening {
    let request: [UInt8]
    private let serializer: Serializer
    private let isWebSocket: Bool
    private let nonce: [UInt8]
    private var received = ByteBuffer()

    /// No router's response head is longer.
    private static let headBytesMax = 16 << 10

    init(_ endpoint: ClientEndpoint, _ serializer: Serializer) {
        self.serializer = serializer
        nonce = (0..<16).map { _ in .random(in: 0 ... .max) }
        if case .webSocket(let host, let port, let path, _) = endpoint {
            isWebSocket = true
            let head = WebSocketHandshake.request(
                host: "\(host):\(port)", path: path, serializers: [serializer], nonce: nonce)
            let lines = head.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
            request = Array("\(head.method.rawValue) \(head.uri) HTTP/1.1\r\n\(lines)\r\n".utf8)
        } else {
            isWebSocket = false
            request =
                RawSocketHandshake(serializer: serializer, messageBytesMax: RawSocketFrame.payloadBytesMax).octets
        }
    }

    /// Takes the answer, in as many pieces as it comes in.
    ///
    /// - Returns: what came behind it; nil while it is not complete.
    mutating func receive(_ bytes: ByteBuffer) throws -> ByteBuffer? {
        received.writeImmutableBuffer(bytes)
        guard isWebSocket else {
            guard let octets = received.readBytes(length: RawSocketHandshake.bytes) else { return nil }
            _ = try RawSocketHandshake.reply(octets, to: serializer)
            return received
        }
        let view = received.readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else {
            guard received.readableBytes <= Self.headBytesMax else {
                throw LoadError("what answers is no WebSocket", isConnection: true)
            }
            return nil
        }
        let text = received.readString(length: end.lowerBound - view.startIndex) ?? ""
        received.moveReaderIndex(forwardBy: 4)
        guard let head = Self.head(text) else { throw LoadError("what answers is no HTTP", isConnection: true) }
        do {
            _ = try WebSocketHandshake.reply(head, serializers: [serializer], nonce: nonce)
        } catch {
            throw LoadError("the router refuses the WebSocket: \(error)")
        }
        return received
    }

    /// A response's status line and headers.
    static func head(_ text: String) -> HTTPResponseHead? {
        let lines = text.split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " "), status.count >= 2,
            status[0].hasPrefix("HTTP/1."), let code = Int(status[1])
        else { return nil }
        var headers = HTTPHeaders()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers.add(name: String(line[..<colon]), value: String(value))
        }
        return HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: code), headers: headers)
    }
}
