import ModuleKit
import NIOCore
import Synchronization
import WAMP
import WAMPTransport

// Spec: "HTTP Longpoll Transport", and the same with a stream of events for what the router sends, as Bondy has it.
//
//     POST <base>/open                 {"protocols": ["wamp.2.json"]} → {"protocol": …, "transport": …}
//     POST <base>/<transport>/send     202 once the session has taken it
//     POST <base>/<transport>/receive  200 and a message or a batch; 204 when none has come in time; 404 at the end
//     GET  <base>/<transport>/receive  a stream of events
//     POST <base>/<transport>/close    202

/// The WAMP connections that are carried by HTTP requests.
final class HTTPTransports: Sendable {
    private struct Transport: Sendable {
        var channel: CarriedChannel
        var subprotocol: WebSocketSubprotocol
        var isStreamed: Bool
    }

    private let paths: ListenerConfiguration.HTTPTransportPaths
    /// How long a request for messages waits for one.
    private let wait: TimeAmount
    private let connections: OpenConnections
    private let group: any EventLoopGroup
    private let transports = Mutex<[String: Transport]>([:])

    init(_ configuration: ListenerConfiguration, connections: OpenConnections, group: any EventLoopGroup) {
        paths = configuration.httpTransports
        wait = TimeAmount(configuration.limits.longPollWait)
        self.connections = connections
        self.group = group
    }

    /// Answers a request below one of the paths; nil for any other.
    func answer(_ request: HTTPRequest, _ connection: Connection) async -> HTTPAnswer? {
        guard let (endpoint, isStreamed) = endpoint(of: request.path) else { return nil }
        let origin = request.headers["origin"]
        if let origin, !connection.services.policy.allowsOrigin(origin, host: request.headers["host"] ?? "") {
            return .whole(.text(403, "this Origin is not allowed; see listener.origins in gantry.yml"))
        }
        var answer = await answer(request, endpoint, isStreamed: isStreamed, connection)
        if let origin { answer.head.headers += [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")] }
        return answer
    }

    /// Whether a request is one that waits for messages: whoever hangs up meanwhile is gone.
    func waits(_ path: String) -> Bool {
        if case .transport(_, "receive")? = endpoint(of: path)?.0 { true } else { false }
    }

    // MARK: Endpoints

    private enum Endpoint {
        case open
        case transport(String, verb: Substring)
    }

    private func endpoint(of path: String) -> (Endpoint, isStreamed: Bool)? {
        for (base, isStreamed) in [(paths.longPoll, false), (paths.events, true)] {
            guard let base, path.hasPrefix(base + "/") else { continue }
            let parts = path.dropFirst(base.count + 1).split(separator: "/", omittingEmptySubsequences: false)
            if parts == ["open"] { return (.open, isStreamed) }
            if parts.count == 2 { return (.transport(String(parts[0]), verb: parts[1]), isStreamed) }
        }
        return nil
    }

    private func answer(
        _ request: HTTPRequest, _ endpoint: Endpoint, isStreamed: Bool, _ connection: Connection
    ) async -> HTTPAnswer {
        if request.method == "OPTIONS" { return .whole(.preflight) }
        switch endpoint {
        case .open:
            guard request.method == "POST" else { return .whole(.notAllowed("POST")) }
            return .whole(await open(request, isStreamed: isStreamed, connection))
        case .transport(let id, let verb):
            let isStream = verb == "receive" && isStreamed
            guard request.method == (isStream ? "GET" : "POST") else {
                return .whole(.notAllowed(isStream ? "GET" : "POST"))
            }
            guard let transport = transports.withLock({ $0[id] }), transport.isStreamed == isStreamed else {
                return .whole(.text(404, "no such transport, or it has ended"))
            }
            switch verb {
            case "send": return .whole(await send(request.body, transport))
            case "receive": return isStream ? .events(of: transport.channel) : .whole(await receive(transport))
            case "close":
                transport.channel.abandon()
                return .whole(HTTPResponse(status: 202))
            default: return .whole(.text(404, "send, receive or close"))
            }
        }
    }

    // MARK: Opening

    private func open(_ request: HTTPRequest, isStreamed: Bool, _ connection: Connection) async -> HTTPResponse {
        guard let document = try? Value.decode(request.body, .json), let offered = document["protocols"]?.list else {
            return .text(400, "expected {\"protocols\": [\"wamp.2.json\"]}")
        }
        let names = offered.compactMap(\.string)
        let suffix = isStreamed ? ".sse" : ""
        let spoken = isStreamed ? [WebSocketSubprotocol(.json)] : WebSocketSubprotocol.all
        let chosen = names.lazy.compactMap { name in spoken.first { $0.name + suffix == name } }.first
        guard let chosen else {
            return .text(400, "protocols must offer one of \(spoken.map { $0.name + suffix }.joined(separator: ", "))")
        }
        let limits = connection.services.limits
        let channel = CarriedChannel(
            on: group.next(), isBatched: chosen.isBatched,
            messageBytesMax: min(limits.messageBytesMax, limits.httpBodyBytesMax))
        let cookie = connection.cookie(of: request.headers["cookie"].map { [$0] } ?? [])
        let opened = try? await channel.eventLoop.submit {
            try self.begin(channel, chosen, path: request.path, cookie: cookie?.value, connection)
        }.get()
        guard let opened, opened else {
            channel.abandon()
            return .retryLater("too many connections, or not ready", seconds: 5)
        }
        let id = Self.newID()
        transports.withLock {
            $0[id] = Transport(channel: channel, subprotocol: chosen, isStreamed: isStreamed)
        }
        channel.closeFuture.whenComplete { _ in self.transports.withLock { $0[id] = nil } }
        let answer = Value.dictionary(["protocol": .string(chosen.name + suffix), "transport": .string(id)])
        var headers = [("Content-Type", "application/json")]
        if let header = cookie?.header { headers.append(("Set-Cookie", header)) }
        return HTTPResponse(status: 200, headers: headers, body: answer.encoded(.json))
    }

    /// Counts the connection and gives it the acceptor's handler. On the channel's event loop.
    private func begin(
        _ channel: CarriedChannel, _ subprotocol: WebSocketSubprotocol, path: String, cookie: String?,
        _ connection: Connection
    ) throws -> Bool {
        let admission = try connections.admit(channel, from: connection.admission.address)
        let carried = Connection(peer: connection.peer, admission: admission, services: connection.services)
        let handler = carried.accept(channel, serializer: subprotocol.serializer, framing: .rawSocket) {
            $0.peer.path = path
            $0.peer.cookie = cookie
            $0.messageBytesMax = min($0.messageBytesMax, connection.services.limits.httpBodyBytesMax)
            $0.peerMessageBytesMax = RawSocketFrame.payloadBytesMax
        }
        guard let handler else { return false }
        try channel.begin(with: handler)
        return true
    }

    /// 128 bits of the system's generator: who knows it is the client that was told.
    private static func newID() -> String {
        (0..<2).map { _ in
            let word = String(UInt64.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }.joined()
    }

    // MARK: Messages

    private func send(_ body: [UInt8], _ transport: Transport) async -> HTTPResponse {
        var messages = [ByteBuffer(bytes: body)]
        if transport.subprotocol.isBatched {
            do throws(FramingViolation) {
                var batch = try MessageBatch(ByteBuffer(bytes: body), transport.subprotocol.serializer)
                messages = []
                while let message = try batch.next() { messages.append(message) }
            } catch {
                return .text(400, error.reason)
            }
        }
        switch try? await transport.channel.post(messages).get() {
        case .taken: return HTTPResponse(status: 202)
        case .busy: return .retryLater("the session takes no messages at the moment", seconds: 1)
        case .refused, nil: return .text(400, "a message is too long, or the transport has ended")
        }
    }

    private func receive(_ transport: Transport) async -> HTTPResponse {
        let waiter = CarriedChannel.Waiter()
        let channel = transport.channel
        let wait = wait
        let fetched = await withTaskCancellationHandler {
            (try? await channel.fetch(waiter, within: wait).get()) ?? .ended
        } onCancel: {
            channel.cancelFetch(waiter)
        }
        switch fetched {
        case .nothing: return HTTPResponse(status: 204)
        case .ended: return .text(404, "the transport has ended")
        case .messages(let messages):
            return HTTPResponse(
                status: 200, headers: [("Content-Type", transport.subprotocol.serializer.mediaType)],
                body: transport.subprotocol.body(messages))
        }
    }
}

extension HTTPResponse {
    fileprivate static func retryLater(_ reason: String, seconds: Int) -> HTTPResponse {
        var response = text(503, reason)
        response.headers.append(("Retry-After", "\(seconds)"))
        return response
    }

    fileprivate static func notAllowed(_ allowed: String) -> HTTPResponse {
        var response = text(405, "method not allowed")
        response.headers.append(("Allow", allowed + ", OPTIONS"))
        return response
    }

    /// What a page of an allowed origin may do here (Fetch Standard, "CORS-preflight fetch").
    fileprivate static let preflight = HTTPResponse(
        status: 204,
        headers: [
            ("Access-Control-Allow-Methods", "GET, POST"), ("Access-Control-Allow-Headers", "Content-Type"),
            ("Access-Control-Max-Age", "600"),
        ])
}

extension Serializer {
    fileprivate var mediaType: String {
        switch self {
        case .json: "application/json"
        case .messagePack: "application/x-msgpack"
        case .cbor: "application/cbor"
        }
    }
}

extension WebSocketSubprotocol {
    /// The body of an answer: the message, or a batch.
    fileprivate func body(_ messages: [ByteBuffer]) -> [UInt8] {
        let framing: Framing? = isBatched ? .webSocket(self) : nil
        var body: [UInt8] = []
        body.reserveCapacity(messages.reduce(0) { $0 + $1.readableBytes + 4 })
        for message in messages {
            framing?.writeHeader(length: message.readableBytes, into: &body)
            body.append(contentsOf: message.readableBytesView)
            if let trailer = framing?.trailer { body.append(trailer) }
        }
        return body
    }
}
