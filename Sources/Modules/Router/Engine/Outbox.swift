import NIOCore
import WAMP
import WAMPTransport

/// What waits to be written to one connection, framed and in order.
///
/// Small frames are copied together, so that a tick ends in one write for each connection; frames of
/// `sharedFrom` bytes or more are kept as they are and shared by all their receivers.
struct Outbox: Sendable {
    /// Frames from this size on are shared and not copied: copying 4 KiB costs more than one more buffer to write.
    static let sharedFrom = 1024
    /// A buffer that is filled beyond this is closed, so that no allocation has to grow far.
    private static let coalescedMax = 256 * 1024

    private(set) var byteCount = 0
    private var full: [ByteBuffer] = []
    private var open: ByteBuffer?

    var isEmpty: Bool { byteCount == 0 }

    /// Appends a copy of one frame, or of a part of one.
    mutating func append(copying bytes: [UInt8], _ pool: inout BufferPool) {
        byteCount += bytes.count
        if open == nil { open = pool.take() }
        // As raw bytes they are copied at once; as a sequence they would go through a generic writer.
        bytes.withUnsafeBytes { raw in
            _ = open?.writeWithUnsafeMutableBytes(minimumWritableBytes: raw.count) { target in
                target.copyMemory(from: raw)
                return raw.count
            }
        }
        if let count = open?.readableBytes, count >= Self.coalescedMax { closeOpenBuffer() }
    }

    /// Appends what follows a frame's message.
    mutating func append(_ trailer: UInt8, _ pool: inout BufferPool) {
        byteCount += 1
        if open == nil { open = pool.take() }
        open?.writeInteger(trailer)
    }

    /// Appends one frame whose bytes are shared with other outboxes.
    mutating func append(sharing frame: ByteBuffer) {
        byteCount += frame.readableBytes
        closeOpenBuffer()
        full.append(frame)
    }

    /// Takes everything, in order.
    mutating func take(_ ending: Delivery.Ending = .none) -> Delivery {
        byteCount = 0
        if full.isEmpty {
            defer { open = nil }
            return Delivery(buffer: open, ending: ending)
        }
        closeOpenBuffer()
        defer { full = [] }
        return Delivery(buffer: nil, further: full, ending: ending)
    }

    private mutating func closeOpenBuffer() {
        guard let buffer = open else { return }
        full.append(buffer)
        open = nil
    }
}

/// Buffers that were written and are used again, so that a busy connection does not allocate at each tick and an
/// idle one holds none.
///
/// As many are kept as the largest of the last flushes has used: when ten thousand subscribers hear something, memory
/// that goes back to the system after each flush has to be cleared by it for the next one, which takes longer than to
/// fill it. With each flush that needs fewer the number halves.
struct BufferPool: Sendable {
    private static let buffersMin = 128
    private static let capacityMax = 128 * 1024
    private static let capacityMin = 512

    private var buffers: [ByteBuffer] = []
    private var buffersMax = buffersMin
    private let allocator = ByteBufferAllocator()

    var count: Int { buffers.count }

    mutating func take() -> ByteBuffer {
        buffers.popLast() ?? allocator.buffer(capacity: Self.capacityMin)
    }

    /// Keeps a buffer's memory. Clearing one that somebody still reads allocates anew, so give back what was written.
    mutating func give(_ buffer: consuming ByteBuffer) {
        guard buffers.count < buffersMax, buffer.capacity <= Self.capacityMax else { return }
        buffer.clear()
        buffers.append(buffer)
    }

    /// A flush has taken so many buffers out of outboxes.
    mutating func flushed(_ count: Int) {
        buffersMax = max(Self.buffersMin, count, buffersMax / 2)
        if buffers.count > buffersMax { buffers.removeLast(buffers.count - buffersMax) }
    }
}
