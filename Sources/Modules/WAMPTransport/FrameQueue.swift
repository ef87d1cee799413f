import NIOCore

/// The frames that a parser has found and its owner has not yet taken.
///
/// Frames that lie whole in the last read are kept as offsets into one shared buffer, `batch`, and sliced when they
/// are taken; those that arrived in pieces have a buffer of their own in `assembled`. An empty queue holds no memory
/// but that of a short array.
struct FrameQueue: Sendable {
    enum Kind: UInt8, Sendable { case text, binary, ping, pong, close }

    private struct Entry: Sendable {
        var kind: Kind
        var isAssembled: Bool
        /// An index of `batch`, or of `assembled`.
        var offset: UInt32
        var length: UInt32
    }

    private var batch = ByteBuffer()
    private var assembled: [ByteBuffer] = []
    private var entries: [Entry] = []
    private var taken = 0
    /// What ends the connection once the entries have been taken.
    private(set) var violation: FramingViolation?

    /// Bursts longer than this give their bookkeeping back when they are over.
    private static let idleEntriesMax = 32

    /// Gives the frames that are still waiting buffers of their own, so that `batch` is free for the next read.
    mutating func detachBatch() {
        guard taken < entries.count else { return }
        for index in taken..<entries.count where !entries[index].isAssembled {
            let entry = entries[index]
            assembled.append(slice(entry))
            entries[index].isAssembled = true
            entries[index].offset = UInt32(truncatingIfNeeded: assembled.count - 1)
        }
        batch = ByteBuffer()
    }

    /// Adds a frame whose payload lies at `offset` of the batch that `setBatch` will bring.
    @inline(__always)
    mutating func add(_ kind: Kind, at offset: Int, length: Int) {
        entries.append(
            Entry(
                kind: kind, isAssembled: false, offset: UInt32(truncatingIfNeeded: offset),
                length: UInt32(truncatingIfNeeded: length)))
    }

    mutating func add(_ kind: Kind, assembled buffer: ByteBuffer) {
        assembled.append(buffer)
        entries.append(
            Entry(
                kind: kind, isAssembled: true, offset: UInt32(truncatingIfNeeded: assembled.count - 1),
                length: UInt32(truncatingIfNeeded: buffer.readableBytes)))
    }

    mutating func setBatch(_ buffer: ByteBuffer) { batch = buffer }

    /// Only the first violation counts.
    mutating func fail(_ violation: FramingViolation) {
        if self.violation == nil { self.violation = violation }
    }

    @inline(__always)
    mutating func next() throws(FramingViolation) -> FrameEvent? {
        guard taken < entries.count else {
            if taken > 0 { clear() }
            if let violation { throw violation }
            return nil
        }
        let entry = entries[taken]
        taken += 1
        let payload = slice(entry)
        switch entry.kind {
        case .text: return .message(payload, isText: true)
        case .binary: return .message(payload, isText: false)
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        case .close: return Self.close(payload)
        }
    }

    private func slice(_ entry: Entry) -> ByteBuffer {
        if entry.isAssembled { return assembled[Int(entry.offset)] }
        // The scan wrote these offsets for this batch; an empty buffer would show a mistake of ours, not trap on it.
        return batch.getSlice(at: Int(entry.offset), length: Int(entry.length)) ?? ByteBuffer()
    }

    private mutating func clear() {
        taken = 0
        entries.removeAll(keepingCapacity: entries.capacity <= Self.idleEntriesMax)
        batch = ByteBuffer()
        if !assembled.isEmpty { assembled = [] }
    }

    /// A close frame's payload, which the scan has already checked.
    private static func close(_ payload: ByteBuffer) -> FrameEvent {
        var payload = payload
        guard let code = payload.readInteger(as: UInt16.self) else { return .close(nil, reason: "") }
        return .close(WebSocketCloseCode(code), reason: String(buffer: payload))
    }
}
