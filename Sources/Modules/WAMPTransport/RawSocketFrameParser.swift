package import NIOCore

// WAMP "RawSocket Transport": four bytes of header, `RRRR XTTT` and a 24-bit length, then the payload. Nothing is
// masked, so a frame that lies whole in a read is a slice of it.

/// Cuts a RawSocket's bytes, those after its handshake, into messages, pings and pongs.
package struct RawSocketFrameParser: FrameParser {
    package var messageBytesMax: Int
    private var queue = FrameQueue()
    /// The start of a header that a read cut in two.
    private var headerStart: [UInt8] = []
    private var partial: Partial?
    private var isFinished = false

    private struct Partial: Sendable {
        var kind: FrameQueue.Kind
        var missing: Int
        var bytes = ByteBuffer()
    }

    /// - Parameter messageBytesMax: see `FrameParser`; holds for pings and pongs as well.
    package init(messageBytesMax: Int) {
        self.messageBytesMax = messageBytesMax
    }

    package mutating func append(_ buffer: ByteBuffer) {
        guard !isFinished, buffer.readableBytes > 0 else { return }
        queue.detachBatch()
        buffer.withUnsafeReadableBytes { scan($0, base: buffer.readerIndex) }
        queue.setBatch(buffer)
    }

    package mutating func next() throws(FramingViolation) -> FrameEvent? {
        try queue.next()
    }

    private mutating func scan(_ source: UnsafeRawBufferPointer, base: Int) {
        var position = 0
        while position < source.count, !isFinished {
            if partial != nil {
                position += receive(UnsafeRawBufferPointer(rebasing: source[position...]))
                continue
            }
            guard let header = header(in: source, at: &position) else { break }
            if header.length <= source.count - position {
                queue.add(header.kind, at: base + position, length: header.length)
                position += header.length
            } else {
                partial = Partial(kind: header.kind, missing: header.length)
            }
        }
    }

    private struct Header {
        var kind: FrameQueue.Kind
        var length: Int
    }

    /// The header at `position`, which moves behind it; nil when it is not complete or not allowed.
    @inline(__always)
    private mutating func header(in source: UnsafeRawBufferPointer, at position: inout Int) -> Header? {
        let word: UInt32
        if headerStart.isEmpty, source.count - position >= 4 {
            word = UInt32(bigEndian: source.loadUnaligned(fromByteOffset: position, as: UInt32.self))
            position += 4
        } else {
            while headerStart.count < 4, position < source.count {
                headerStart.append(source[position])
                position += 1
            }
            guard headerStart.count == 4 else { return nil }
            word = headerStart.reduce(0) { $0 << 8 | UInt32($1) }
            headerStart = []
        }
        guard word & 0xF000_0000 == 0 else { return fail(.reservedBits) }
        var length = Int(word & 0x00FF_FFFF)
        if word & 0x0800_0000 != 0 {
            guard length == 0 else { return fail(.invalidLength) }
            length = RawSocketFrame.payloadBytesMax
        }
        guard length <= messageBytesMax else { return fail(.messageTooBig) }
        switch RawSocketFrame.Kind(rawValue: UInt8(truncatingIfNeeded: word >> 24) & 0x07) {
        case .message: return Header(kind: .binary, length: length)
        case .ping: return Header(kind: .ping, length: length)
        case .pong: return Header(kind: .pong, length: length)
        case nil: return fail(.reservedFrameType)
        }
    }

    /// Takes what `rest` has of the frame in progress.
    /// - Returns: how many bytes that was.
    private mutating func receive(_ rest: UnsafeRawBufferPointer) -> Int {
        guard let missing = partial?.missing else { return 0 }
        let count = min(missing, rest.count)
        partial?.bytes.writeBytes(UnsafeRawBufferPointer(rebasing: rest[..<count]))
        partial?.missing -= count
        if count == missing, let whole = partial {
            partial = nil
            queue.add(whole.kind, assembled: whole.bytes)
        }
        return count
    }

    private mutating func fail(_ violation: FramingViolation) -> Header? {
        queue.fail(violation)
        isFinished = true
        (partial, headerStart) = (nil, [])
        return nil
    }
}
