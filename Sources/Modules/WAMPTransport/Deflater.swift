import CZlib
import NIOCore

/// Compresses the messages of one flush, RFC 7692 "Compression", each with an empty window.
final class Deflater {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    /// Nil when there is no memory for its state.
    init?(windowBits: Int32) {
        stream.initialize(to: z_stream())
        // The fastest level: most of what there is to gain, for a third of the time.
        let status = deflateInit2_(
            stream, Z_BEST_SPEED, Z_DEFLATED, -windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            stream.deinitialize(count: 1)
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// A message compressed; nil if it would not be shorter.
    func deflate(_ message: ByteBuffer) -> ByteBuffer? {
        let length = message.readableBytes
        guard length > 0, length <= Int(UInt32.max), deflateReset(stream) == Z_OK else { return nil }
        var output = ByteBufferAllocator().buffer(capacity: length)
        let isShorter = message.withUnsafeReadableBytes { source in
            stream.pointee.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
            stream.pointee.avail_in = UInt32(source.count)
            var isDone = false
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
                stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                stream.pointee.avail_out = UInt32(length)
                isDone = CZlib.deflate(stream, Z_SYNC_FLUSH) == Z_OK && stream.pointee.avail_out > 0
                return length - Int(stream.pointee.avail_out)
            }
            return isDone
        }
        // A flush ends with an empty block, which the receiver puts back.
        guard isShorter, output.readableBytes > 4 else { return nil }
        output.moveWriterIndex(to: output.writerIndex - 4)
        return output
    }
}
