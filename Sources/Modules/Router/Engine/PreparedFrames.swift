import NIOCore
import WAMP
import WAMPTransport

/// How a session's messages become bytes on its transport.
struct WireFormat: Hashable, Sendable {
    let serializer: Serializer
    let framing: Framing
    /// A small number for each combination; worked out once, because each delivery looks something up by it.
    let index: Int

    static let count = Serializer.allCases.count * Framing.allCases.count

    init(serializer: Serializer, framing: Framing) {
        self.serializer = serializer
        self.framing = framing
        index = (Int(serializer.rawValue) - 1) * Framing.allCases.count + Int(framing.rawValue)
    }
}

/// One message on its way to many sessions: encoded once for each serializer, framed once for each transport.
struct PreparedFrames: Sendable {
    private var isReady = Array(repeating: false, count: WireFormat.count)
    private var messageLengths = Array(repeating: 0, count: WireFormat.count)
    private var bytes = Array(repeating: [UInt8](), count: WireFormat.count)
    private var shared = [ByteBuffer?](repeating: nil, count: WireFormat.count)
    private var ready: [Int] = []
    private let allocator = ByteBufferAllocator()

    /// Forgets the last message; memory is kept.
    mutating func reset() {
        for index in ready {
            isReady[index] = false
            shared[index] = nil
        }
        ready.removeAll(keepingCapacity: true)
    }

    func isReady(_ format: WireFormat) -> Bool { isReady[format.index] }

    mutating func prepare(_ format: WireFormat, _ message: [UInt8]) {
        let index = format.index
        bytes[index].removeAll(keepingCapacity: true)
        messageLengths[index] = message.count
        isReady[index] = true
        ready.append(index)
        // Longer than its framing can say, it is longer than any of its receivers takes: nothing will ask for it.
        guard message.count <= format.framing.messageBytesMax else { return }
        format.framing.writeHeader(length: message.count, into: &bytes[index])
        bytes[index].append(contentsOf: message)
        if let trailer = format.framing.trailer { bytes[index].append(trailer) }
        if bytes[index].count >= Outbox.sharedFrom { shared[index] = allocator.buffer(bytes: bytes[index]) }
    }

    /// How long the message is, without what frames it.
    func messageLength(_ format: WireFormat) -> Int { messageLengths[format.index] }

    func append(_ format: WireFormat, to outbox: inout Outbox, _ pool: inout BufferPool) {
        if bytes[format.index].count >= Outbox.sharedFrom, let frame = shared[format.index] {
            outbox.append(sharing: frame)
        } else {
            outbox.append(copying: bytes[format.index], &pool)
        }
    }
}
