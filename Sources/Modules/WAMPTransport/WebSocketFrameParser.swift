package import NIOCore

// RFC 6455, the receiving side. NIO's own decoder hands out one frame at a time through two handlers and costs about
// a microsecond per frame; this one scans a whole read in one pass and costs a few dozen nanoseconds.
//
// Two roads. A frame that lies whole in the read and is a message of its own is unmasked (from a client) or left where
// it is (from a server) and becomes an entry of the queue. Everything else, fragments and frames that a read cut in
// two, is collected in `message` or `control`, whose memory grows with what has arrived and never with what a header
// promises.
//
// Lenient in one thing: a length need not use the shortest of its three forms.

/// Cuts a WebSocket's bytes into messages and control frames.
package struct WebSocketFrameParser: FrameParser {
    /// Which end of the connection reads.
    package enum Side: Sendable { case server, client }
    /// What the subprotocol allows as messages.
    package enum MessageType: Sendable { case text, binary, any }
    /// Who checks that text is UTF-8. The JSON reader looks at every byte anyway: it may take whole frames unchecked.
    /// Text that arrives in pieces is checked here in either case.
    package enum TextCheck: Sendable { case parser, reader }

    package var messageBytesMax: Int
    private let side: Side
    private let messageType: MessageType
    private let textCheck: TextCheck
    private let inflates: Bool

    private var queue = FrameQueue()
    /// The start of a header that a read cut in two.
    private var headerStart: [UInt8] = []
    /// A frame whose payload is still arriving; its `length` is what is missing, and more than 0.
    private var frame: WebSocketFrameHeader?
    private var message: PartialMessage?
    private var control = ByteBuffer()
    /// A close frame or a violation: nothing after it is read.
    private var isFinished = false

    /// A message that arrives in pieces.
    private struct PartialMessage: Sendable {
        var isText: Bool
        var bytes = ByteBuffer()
        var utf8 = UTF8Validator()
        /// Of a compressed message; `bytes` are what comes out of it.
        var inflater: Inflater?

        /// Takes the next bytes.
        mutating func receive(
            _ source: UnsafeRawBufferPointer, mask: inout WebSocketMask?, bytesMax: Int
        ) throws(FramingViolation) {
            let before = bytes.readableBytes
            if let inflater {
                var compressed = ByteBuffer()
                collect(source, mask: &mask, into: &compressed)
                var failure: FramingViolation?
                compressed.withUnsafeReadableBytes { piece in
                    do throws(FramingViolation) {
                        try inflater.inflate(piece, into: &bytes, bytesMax: bytesMax)
                    } catch {
                        failure = error
                    }
                }
                if let failure { throw failure }
            } else {
                collect(source, mask: &mask, into: &bytes)
            }
            try check(from: before)
        }

        /// The last frame is complete.
        mutating func finish(bytesMax: Int) throws(FramingViolation) {
            let before = bytes.readableBytes
            try inflater?.finish(into: &bytes, bytesMax: bytesMax)
            try check(from: before)
            guard !isText || utf8.isComplete else { throw .invalidUTF8 }
        }

        /// Whether what has come is text, if it is said to be.
        private mutating func check(from start: Int) throws(FramingViolation) {
            guard isText else { return }
            let isValid = bytes.withUnsafeReadableBytes {
                utf8.consume(UnsafeRawBufferPointer(rebasing: $0[start...]))
            }
            guard isValid else { throw .invalidUTF8 }
        }
    }

    /// - Parameters:
    ///   - side: `.server` insists on masked frames, `.client` on unmasked ones.
    ///   - messageBytesMax: see `FrameParser`; of a compressed message, what it is when it has been decompressed.
    ///   - inflates: compression was agreed on.
    package init(
        side: Side, messageBytesMax: Int, messageType: MessageType = .any, textCheck: TextCheck = .parser,
        inflates: Bool = false
    ) {
        self.inflates = inflates
        self.side = side
        self.messageBytesMax = messageBytesMax
        self.messageType = messageType
        self.textCheck = textCheck
    }

    package mutating func append(_ buffer: ByteBuffer) {
        guard !isFinished, buffer.readableBytes > 0 else { return }
        queue.detachBatch()
        guard side == .server else {
            buffer.withUnsafeReadableBytes { _ = scan($0, unmaskingInto: nil, base: buffer.readerIndex) }
            queue.setBatch(buffer)
            return
        }
        // Unmasked into memory of our own: the buffer is NIO's to use again, and small messages that somebody keeps
        // do not keep a large receive buffer alive.
        let isAllForFrame = (frame?.length ?? 0) >= buffer.readableBytes
        var unmasked = ByteBufferAllocator().buffer(capacity: isAllForFrame ? 0 : buffer.readableBytes)
        buffer.withUnsafeReadableBytes { source in
            _ = unmasked.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { target in
                scan(source, unmaskingInto: target, base: 0)
            }
        }
        queue.setBatch(unmasked)
    }

    package mutating func next() throws(FramingViolation) -> FrameEvent? {
        try queue.next()
    }

    // MARK: Scanning

    /// Goes through one read.
    ///
    /// - Parameters:
    ///   - target: room for what is unmasked, nil on the client's side. Of the same size as `source`, unless `source`
    ///     belongs to `frame` as a whole.
    ///   - base: where `source` begins in the batch, if there is no target.
    /// - Returns: how many bytes of the target are in use.
    private mutating func scan(
        _ source: UnsafeRawBufferPointer, unmaskingInto target: UnsafeMutableRawBufferPointer?, base: Int
    ) -> Int {
        var position = 0
        var written = 0
        while position < source.count, !isFinished {
            if frame != nil {
                position += receive(UnsafeRawBufferPointer(rebasing: source[position...]))
                continue
            }
            guard var header = header(in: source, at: &position) else { break }
            guard admit(header) else { break }
            let isWhole = header.length <= source.count - position && !header.isCompressed
            guard isWhole, header.opcode.isControl || (header.isFinal && header.opcode != .continuation) else {
                begin(header)
                continue
            }
            let payload = UnsafeRawBufferPointer(rebasing: source[position..<position + header.length])
            position += header.length
            if let target {
                // What is written never overtakes what is read, and the target is as large as the source.
                let place = UnsafeMutableRawBufferPointer(rebasing: target[written..<written + header.length])
                if let address = place.baseAddress { header.mask?.apply(payload, to: address) }
                accept(header.opcode, UnsafeRawBufferPointer(place), at: written)
                written += header.length
            } else {
                accept(header.opcode, payload, at: base + position - header.length)
            }
        }
        return written
    }

    /// The header at `position`, which moves behind it; nil when it is not complete or not allowed.
    @inline(__always)
    private mutating func header(in source: UnsafeRawBufferPointer, at position: inout Int) -> WebSocketFrameHeader? {
        guard headerStart.isEmpty else { return splitHeader(in: source, at: &position) }
        let rest = UnsafeRawBufferPointer(rebasing: source[position...])
        switch WebSocketFrameHeader.decode(rest, isMasked: side == .server, mayBeCompressed: inflates) {
        case .header(let header, let bytes):
            position += bytes
            return header
        case .incomplete:
            headerStart = Array(rest)
            position = source.count
            return nil
        case .violation(let violation):
            fail(violation)
            return nil
        }
    }

    private mutating func splitHeader(
        in source: UnsafeRawBufferPointer, at position: inout Int
    ) -> WebSocketFrameHeader? {
        while position < source.count {
            headerStart.append(source[position])
            position += 1
            let decoded = headerStart.withUnsafeBytes {
                WebSocketFrameHeader.decode($0, isMasked: side == .server, mayBeCompressed: inflates)
            }
            switch decoded {
            case .header(let header, _):
                headerStart = []
                return header
            case .incomplete: continue
            case .violation(let violation):
                fail(violation)
                return nil
            }
        }
        return nil
    }

    /// Whether a frame may come now, and be this long.
    @inline(__always)
    private mutating func admit(_ header: WebSocketFrameHeader) -> Bool {
        if header.opcode.isControl { return true }
        var received = 0
        if header.opcode == .continuation {
            guard let message else { return fail(.unexpectedContinuation) }
            received = message.bytes.readableBytes
        } else {
            guard message == nil else { return fail(.unfinishedMessage) }
            switch messageType {
            case .any: break
            case .text: guard header.opcode == .text else { return fail(.wrongMessageType) }
            case .binary: guard header.opcode == .binary else { return fail(.wrongMessageType) }
            }
        }
        // What a compressed message becomes is counted as it comes out; what it is made from is not kept.
        if inflates, header.isCompressed || message?.inflater != nil { return true }
        // The limit may have shrunk below what is already here: then the difference is negative, and nothing fits.
        guard header.length <= messageBytesMax - received else { return fail(.messageTooBig) }
        return true
    }

    /// Takes a frame that lies whole, and unmasked, in `payload`.
    @inline(__always)
    private mutating func accept(_ opcode: WebSocketFrameHeader.Opcode, _ payload: UnsafeRawBufferPointer, at: Int) {
        switch opcode {
        case .text:
            if textCheck == .parser, !UTF8Validator.isValid(payload) {
                fail(.invalidUTF8)
            } else {
                queue.add(.text, at: at, length: payload.count)
            }
        case .binary: queue.add(.binary, at: at, length: payload.count)
        case .ping: queue.add(.ping, at: at, length: payload.count)
        case .pong: queue.add(.pong, at: at, length: payload.count)
        case .close:
            guard checkClose(payload) else { return }
            queue.add(.close, at: at, length: payload.count)
            isFinished = true
        case .continuation: break  // never whole: it is part of a message
        }
    }

    // MARK: Frames in pieces

    private mutating func begin(_ header: WebSocketFrameHeader) {
        switch header.opcode {
        case .text, .binary:
            message = PartialMessage(isText: header.opcode == .text)
            if header.isCompressed {
                message?.inflater = Inflater()
                if message?.inflater == nil { fail(.invalidCompression) }
            }
        case .close, .ping, .pong: control = ByteBuffer()
        case .continuation: break
        }
        if header.length > 0 { frame = header } else { finish(header) }
    }

    /// Takes what `rest` has of the frame in progress.
    /// - Returns: how many bytes that was.
    private mutating func receive(_ rest: UnsafeRawBufferPointer) -> Int {
        guard var header = frame else { return 0 }
        let count = min(header.length, rest.count)
        let source = UnsafeRawBufferPointer(rebasing: rest[..<count])
        if header.opcode.isControl {
            Self.collect(source, mask: &header.mask, into: &control)
        } else {
            do throws(FramingViolation) {
                try message?.receive(source, mask: &header.mask, bytesMax: messageBytesMax)
            } catch {
                fail(error)
                return count
            }
        }
        header.length -= count
        frame = header.length > 0 ? header : nil
        if header.length == 0 { finish(header) }
        return count
    }

    private static func collect(
        _ source: UnsafeRawBufferPointer, mask: inout WebSocketMask?, into buffer: inout ByteBuffer
    ) {
        guard var key = mask else {
            buffer.writeBytes(source)
            return
        }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: source.count) { target in
            if let address = target.baseAddress { key.apply(source, to: address) }
            return source.count
        }
        mask = key
    }

    /// The last byte of a frame in pieces is here.
    private mutating func finish(_ header: WebSocketFrameHeader) {
        switch header.opcode {
        case .text, .binary, .continuation:
            guard header.isFinal else { return }
            do throws(FramingViolation) {
                try message?.finish(bytesMax: messageBytesMax)
            } catch {
                fail(error)
                return
            }
            guard let whole = message else { return }
            queue.add(whole.isText ? .text : .binary, assembled: whole.bytes)
            message = nil
        case .ping, .pong:
            queue.add(header.opcode == .ping ? .ping : .pong, assembled: control)
            control = ByteBuffer()
        case .close:
            guard control.withUnsafeReadableBytes({ checkClose($0) }) else { return }
            queue.add(.close, assembled: control)
            control = ByteBuffer()
            isFinished = true
        }
    }

    // MARK: Refusing

    /// RFC 6455 "Close": nothing, or a code that may be sent and a reason in UTF-8.
    private mutating func checkClose(_ payload: UnsafeRawBufferPointer) -> Bool {
        guard payload.count > 0 else { return true }
        guard payload.count >= 2 else { return fail(.truncatedCloseCode) }
        let code = UInt16(bigEndian: payload.loadUnaligned(as: UInt16.self))
        guard WebSocketCloseCode(received: code) != nil else { return fail(.invalidCloseCode) }
        guard UTF8Validator.isValid(UnsafeRawBufferPointer(rebasing: payload[2...])) else {
            return fail(.invalidUTF8)
        }
        return true
    }

    @discardableResult
    private mutating func fail(_ violation: FramingViolation) -> Bool {
        queue.fail(violation)
        isFinished = true
        (message, frame, headerStart, control) = (nil, nil, [], ByteBuffer())
        return false
    }
}
