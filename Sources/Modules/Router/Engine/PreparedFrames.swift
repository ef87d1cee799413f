import NIOCore
import WAMP
import WAMPTransport

/// How a session's messages become bytes on its transport.
struct WireFormat: Hashable, Sendable {
    var serializer: Serializer
    var framing: Framing

    /// A small number for each combination.
    var index: Int { (Int(serializer.rawValue) - 1) * Framing.allCases.count + Int(framing.rawValue) }
    static let count = Serializer.allCases.count * Framing.allCases.count
}

/// One message on its way to many sessions: encoded once for each serializer, framed once for each transport.
struct PreparedFrames: Sendable {
    private struct Frame: Sendable {
        var isReady = false
        var messageLength = 0
        var bytes: [UInt8] = []
        var shared: ByteBuffer?
    }

    private var frames = Array(repeating: Frame(), count: WireFormat.count)
    private var ready: [Int] = []
    private let allocator = ByteBufferAllocator()

    /// Forgets the last message; memory is kept.
    mutating func reset() {
        for index in ready {
            frames[index].isReady = false
            frames[index].shared = nil
        }
        ready.removeAll(keepingCapacity: true)
    }

    func isReady(_ format: WireFormat) -> Bool { frames[format.index].isReady }

    mutating func prepare(_ format: WireFormat, _ message: [UInt8]) {
        let index = format.index
        frames[index].bytes.removeAll(keepingCapacity: true)
        frames[index].messageLength = message.count
        frames[index].isReady = true
        ready.append(index)
        // Longer than its framing can say, it is longer than any of its receivers takes: nothing will ask for it.
        guard message.count <= format.framing.messageBytesMax else { return }
        format.framing.writeHeader(length: message.count, into: &frames[index].bytes)
        frames[index].bytes.append(contentsOf: message)
        if let trailer = format.framing.trailer { frames[index].bytes.append(trailer) }
        if frames[index].bytes.count >= Outbox.sharedFrom {
            frames[index].shared = allocator.buffer(bytes: frames[index].bytes)
        }
    }

    /// How long the message is, without what frames it.
    func messageLength(_ format: WireFormat) -> Int { frames[format.index].messageLength }

    func append(_ format: WireFormat, to outbox: inout Outbox, _ pool: inout BufferPool) {
        let index = format.index
        if let shared = frames[index].shared {
            outbox.append(sharing: shared)
        } else {
            outbox.append(copying: frames[index].bytes, &pool)
        }
    }
}
