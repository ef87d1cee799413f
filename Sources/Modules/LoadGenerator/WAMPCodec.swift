import NIOCore
import WAMP
import WAMPClient
import WAMPTransport

/// A WAMP session as a load needs it: it joins, takes up its role, and from then on writes messages of which all but
/// the numbers were encoded in advance, and reads of each message what it counts by.
//
// Confined to the event loop of its run.
final class WAMPCodec: LoadCodec {
    private enum State { case opening, joining, preparing(Int), ready }

    let load: WAMPLoad
    let role: LoadRole
    let serializer: Serializer
    let framing: Framing
    private let authentication: ClientAuthentication
    private var state = State.opening
    private var opening: WAMPOpening
    private var parser: any FrameParser
    private var writer: ValueWriter
    private var output: [UInt8] = []
    private var lastRequest: UInt64 = 0
    private var nextMaskingKey = UInt32.random(in: 1 ... .max)
    private(set) var latestError: String?

    // Encoded in advance
    private let options: [UInt8]
    private let uris: [[UInt8]]
    private var arguments: [UInt8]
    /// Where the string begins in `arguments`, and how many bytes follow it.
    private let stringOffset: Int

    init(_ load: WAMPLoad, _ role: LoadRole) {
        self.load = load
        self.role = role
        let serializer = load.serializer(of: role)
        self.serializer = serializer
        authentication = load.authentication(of: role)
        framing = load.endpoint.isWebSocket ? .webSocket(serializer) : .rawSocket
        opening = WAMPOpening(load.endpoint, serializer)
        parser =
            framing == .rawSocket
            ? RawSocketFrameParser(messageBytesMax: RawSocketFrame.payloadBytesMax)
            : WebSocketFrameParser(side: .client, messageBytesMax: RawSocketFrame.payloadBytesMax)
        writer = ValueWriter(serializer)
        let text = String(repeating: "x", count: load.payloadBytes)
        arguments = Value.list([.string(text)]).encoded(serializer)
        stringOffset = arguments.count - load.payloadBytes - (serializer == .json ? 2 : 0)
        let acknowledges = load.acknowledges && role.kind == .publisher
        options = Value.dictionary(acknowledges ? ["acknowledge": true] : [:]).encoded(serializer)
        uris =
            switch role.kind {
            case .publisher: (0..<load.topicCount).map { Value.string(load.topic($0)).encoded(serializer) }
            case .caller: [Value.string(load.procedure ?? "\(load.uri).procedure").encoded(serializer)]
            case .callee, .subscriber, .idle: []
            }
    }

    // MARK: Beginning

    func begin() { output += opening.request }

    func receive(_ input: ByteBuffer, _ signals: inout [LoadSignal]) throws {
        var input = input
        if case .opening = state {
            guard let rest = try opening.receive(input) else { return }
            state = .joining
            send { $0.handshake(.hello, load.realm(of: role), helloDetails) }
            input = rest
        }
        parser.append(input)
        while let event = try parser.next() {
            switch event {
            case .message(let message, _): try received(message, &signals)
            case .ping(let payload): pong(payload)
            case .pong: break
            case .close: throw LoadError("the router closed the connection", isConnection: true)
            }
        }
    }

    private var helloDetails: [String: Value] {
        var details: [String: Value] = [
            "roles": ["publisher": [:], "subscriber": [:], "caller": [:], "callee": [:]],
            "authmethods": .list(authentication.authmethods.map { .string($0) }),
        ]
        if let authid = authentication.authid { details["authid"] = .string(authid) }
        return details
    }

    private func welcomed(_ signals: inout [LoadSignal]) {
        switch role.kind {
        case .callee:
            state = .preparing(1)
            send { $0.request(.register, RequestID(nextRequest()), [:], "\(load.uri).procedure") }
        case .subscriber:
            state = .preparing(role.topics.count)
            let options: [String: Value] = load.match == .exact ? [:] : ["match": .string(load.match.name)]
            for topic in role.topics {
                send { $0.request(.subscribe, RequestID(nextRequest()), options, load.subscription(topic)) }
            }
        case .caller, .publisher, .idle:
            state = .ready
            signals.append(.ready)
        }
    }

    private func prepared(_ signals: inout [LoadSignal]) {
        guard case .preparing(let missing) = state else { return }
        state = missing > 1 ? .preparing(missing - 1) : .ready
        if missing == 1 { signals.append(.ready) }
    }

    // MARK: Acting

    func call() -> UInt64 {
        let request = nextRequest()
        if let made = load.makePayload?(role.number, request), let payload = try? made.transcoded(to: serializer) {
            arguments = payload.arguments
            write(.call, request, uris[0], further: payload.argumentsKw)
        } else {
            write(.call, request, uris[0])
        }
        return request
    }

    func publish(topic: Int, _ stamp: LoadStamp) -> UInt64 {
        let request = nextRequest()
        stamp.write(to: &arguments, at: stringOffset)
        write(.publish, request, uris[topic])
        return request
    }

    private func yield(_ request: UInt64) {
        let (options, arguments) = (options, arguments)
        writer.reset()
        writer.beginList(4)
        writer.unsigned(UInt64(MessageType.yield.rawValue))
        writer.unsigned(request)
        writer.raw(options.span)
        writer.raw(arguments.span)
        writer.endList()
        frame()
    }

    func leave() -> Bool {
        send { $0.farewell(.goodbye, .closeRealm) }
        return true
    }

    func drain(into buffer: inout ByteBuffer) {
        buffer.writeBytes(output)
        output.removeAll(keepingCapacity: output.capacity <= 1 << 16)
    }

    private func nextRequest() -> UInt64 {
        lastRequest += 1
        return lastRequest
    }

    private func write(_ type: MessageType, _ request: UInt64, _ uri: [UInt8], further: [UInt8] = []) {
        let (options, arguments) = (options, arguments)
        writer.reset()
        writer.beginList(4 + (arguments.isEmpty ? 0 : 1) + (further.isEmpty ? 0 : 1))
        writer.unsigned(UInt64(type.rawValue))
        writer.unsigned(request)
        writer.raw(options.span)
        writer.raw(uri.span)
        if !arguments.isEmpty { writer.raw(arguments.span) }
        if !further.isEmpty { writer.raw(further.span) }
        writer.endList()
        frame()
    }

    private func send(_ encode: (inout ValueWriter) -> Void) {
        writer.reset()
        encode(&writer)
        frame()
    }

    private func frame() {
        if framing == .rawSocket {
            framing.writeHeader(length: writer.bytes.count, into: &output)
            output.append(contentsOf: writer.bytes)
        } else {
            // Any key will do for a load: what it hides from are proxies that take frames for requests.
            nextMaskingKey = nextMaskingKey &* 1_664_525 &+ 1_013_904_223
            WebSocketFrame.writeMasked(
                framing == .webSocketText ? .text : .binary, payload: writer.bytes, maskingKey: nextMaskingKey,
                into: &output)
        }
    }

    private func pong(_ payload: ByteBuffer) {
        if framing == .rawSocket {
            output += RawSocketFrame.control(.pong, payload: payload.readableBytesView)
        } else {
            WebSocketFrame.writeMasked(
                .pong, payload: payload.readableBytesView, maskingKey: nextMaskingKey, into: &output)
        }
    }

    // MARK: What comes in

    private func received(_ message: ByteBuffer, _ signals: inout [LoadSignal]) throws {
        let bytes = message.readableBytesUInt8Span
        guard let glance = try MessageGlance(bytes, serializer) else { return try readWhole(bytes, &signals) }
        switch glance.type {
        case .event: signals.append(.event(try stamp(of: bytes)))
        case .result: signals.append(.result(glance.id))
        case .published: signals.append(.acknowledged(glance.id))
        case .invocation: yield(glance.id)
        case .subscribed, .registered: prepared(&signals)
        default: try readWhole(bytes, &signals)
        }
    }

    /// The payload is the last thing in an EVENT; where a router has put something behind it, the message is read whole.
    private func stamp(of bytes: Span<UInt8>) throws -> LoadStamp? {
        let offset = bytes.count - load.payloadBytes - (serializer == .json ? 3 : 0)
        if let stamp = LoadStamp(bytes, at: offset) { return stamp }
        let head = try MessageHead.decode(bytes, serializer)
        return LoadStamp(bytes, at: Int(head.arguments.lowerBound) + stringOffset)
    }

    private func readWhole(_ bytes: Span<UInt8>, _ signals: inout [LoadSignal]) throws {
        let head = try MessageHead.decode(bytes, serializer)
        switch head.type {
        case .welcome: welcomed(&signals)
        case .challenge: try challenged(head, bytes)
        case .error:
            let uri = String(decoding: head.uri.range.map { bytes[$0] }, as: UTF8.self)
            latestError = uri
            guard case .ready = state else { throw LoadError("the router refuses what the load needs: \(uri)") }
            signals.append(.failed(head.request))
        case .abort, .goodbye:
            let reason = String(decoding: head.uri.range.map { bytes[$0] }, as: UTF8.self)
            guard head.type == .goodbye, reason == ErrorURI.goodbyeAndOut.rawValue else {
                let details = try Value.decode(bytes, head.dictionary, serializer)
                throw LoadError("the router ends the session: \(details["message"]?.string ?? reason)")
            }
            signals.append(.left)
        default: break
        }
    }

    private func challenged(_ head: MessageHead, _ bytes: Span<UInt8>) throws {
        let method = String(decoding: head.uri.range.map { bytes[$0] }, as: UTF8.self)
        let extra = try Value.decode(bytes, head.dictionary, serializer).dictionary ?? [:]
        guard let signature = authentication.signature(for: method, extra) else {
            throw LoadError("the router asks for another way to authenticate: \(method)")
        }
        send { $0.handshake(.authenticate, signature, [:]) }
    }
}
