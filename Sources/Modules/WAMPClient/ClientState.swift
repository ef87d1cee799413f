import ModuleKit
import NIOCore
import WAMP

/// What a client remembers: its pending requests, and whom to tell what.
struct ClientState: Sendable {
    let serializer: Serializer
    var pending: [UInt64: Pending] = [:]
    var subscribers: [UInt64: ClientSubscriber] = [:]
    var callees: [UInt64: ClientCallee] = [:]
    /// Invocations that tasks of their own answer.
    var answering: [UInt64: Task<Void, Never>] = [:]
    /// Why the session is over.
    var ending: WAMPError?
    var endWaiters: [CheckedContinuation<WAMPError, Never>] = []
    private var lastRequest: UInt64 = 0
    private var writer: ValueWriter

    init(serializer: Serializer) {
        self.serializer = serializer
        writer = ValueWriter(serializer)
    }

    /// Session scope: 1, 2, 3, …
    mutating func nextRequest() -> RequestID {
        lastRequest = lastRequest == identifierMax ? 1 : lastRequest + 1
        return RequestID(lastRequest)
    }

    mutating func encode(_ write: (inout ValueWriter) -> Void) -> ByteBuffer {
        writer.reset()
        write(&writer)
        return ByteBuffer(bytes: writer.bytes)
    }

    /// Encodes a message with a payload, which is transcoded when it was made for another serializer.
    mutating func encode(
        _ payload: Payload, _ write: (inout ValueWriter, PayloadRange, Span<UInt8>) -> Void
    ) -> ByteBuffer {
        let payload = (try? payload.transcoded(to: serializer)) ?? Payload(serializer: serializer)
        var range = PayloadRange(arguments: ByteRange(0, payload.arguments.count))
        guard !payload.argumentsKw.isEmpty else { return encode { write(&$0, range, payload.arguments.span) } }
        let bytes = payload.arguments + payload.argumentsKw
        range.argumentsKw = ByteRange(payload.arguments.count, bytes.count)
        return encode { write(&$0, range, bytes.span) }
    }

    mutating func encode(
        _ type: MessageType, _ request: RequestID, _ options: [String: Value], _ uri: String, _ payload: Payload
    ) -> ByteBuffer {
        encode(payload) { $0.request(type, request, options, uri, $1, $2) }
    }
}

/// A request that waits for its answer.
struct Pending: Sendable {
    var purpose: Purpose
    var continuation: CheckedContinuation<Result<Reply, WAMPError>, Never>
}

/// What an answer leads to, besides being handed to whoever asked.
enum Purpose: Sendable {
    case subscribe(topic: String, @Sendable (Event) -> Void)
    case unsubscribe(SubscriptionID)
    case register(procedure: String, @Sendable (Invocation) -> Void)
    case unregister(RegistrationID)
    case call((@Sendable (Payload) -> Void)?)
    case other
}

/// The id that an answer carried, or the payload of a RESULT.
struct Reply: Sendable {
    var id: UInt64
    var payload: Payload
}

/// Subscribing twice to one topic gives one subscription, whose events go to both.
struct ClientSubscriber: Sendable {
    var topic: String
    var receivers: [@Sendable (Event) -> Void] = []
}

struct ClientCallee: Sendable {
    var procedure: String
    var receive: @Sendable (Invocation) -> Void
}

extension Payload {
    /// Copies a message's payload out of its frame.
    init(_ head: MessageHead, _ bytes: Span<UInt8>, _ serializer: Serializer) {
        self.init(
            serializer: serializer, arguments: Self.copy(head.arguments, bytes),
            argumentsKw: Self.copy(head.argumentsKw, bytes))
    }

    private static func copy(_ range: ByteRange, _ bytes: Span<UInt8>) -> [UInt8] {
        bytes.extracting(range.range).withUnsafeBufferPointer { Array($0) }
    }
}

extension String {
    /// The text at a range of a frame whose bytes were checked to be UTF-8.
    init(_ bytes: Span<UInt8>, _ range: ByteRange) {
        self = bytes.extracting(range.range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
