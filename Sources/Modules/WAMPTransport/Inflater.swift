import CZlib
import NIOCore

/// Decompresses one message, RFC 7692 "Decompression", and never further than its limit: a bomb is told when the first
/// byte too many comes out, not when all of them are there.
//
// Unchecked: belongs to the message in progress of one parser, which belongs to one connection's loop.
final class Inflater: @unchecked Sendable {
    /// zlib remembers where its stream lies, so that it must not move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    /// The empty block that a sender leaves out behind each message.
    private static let tail: [UInt8] = [0, 0, 0xFF, 0xFF]
    private static let step = 16 << 10

    /// Nil when there is no memory for its state.
    init?() {
        stream.initialize(to: z_stream())
        // Negative: without zlib's own header.
        guard inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deinitialize(count: 1)
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Appends what the next bytes of the message become.
    ///
    /// - Parameter bytesMax: how long `output` may get.
    func inflate(
        _ source: UnsafeRawBufferPointer, into output: inout ByteBuffer, bytesMax: Int
    ) throws(FramingViolation) {
        guard source.count <= Int(UInt32.max), source.count > 0 else { return }
        // zlib's interface is older than const; it does not write there.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(source.count)
        var status = Z_OK
        repeat {
            let room = min(Self.step, max(0, bytesMax - output.readableBytes) + 1)
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                stream.pointee.avail_out = UInt32(room)
                status = CZlib.inflate(stream, Z_SYNC_FLUSH)
                return room - Int(stream.pointee.avail_out)
            }
            guard output.readableBytes <= bytesMax else { throw .messageTooBig }
            // A sender may end a block as the last one, "Using a DEFLATE Block with BFINAL Set to 1": then another begins.
            if status == Z_STREAM_END { status = inflateReset(stream) }
            guard status == Z_OK || status == Z_BUF_ERROR else { throw .invalidCompression }
        } while status == Z_OK && (stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0)
    }

    /// The message is complete.
    func finish(into output: inout ByteBuffer, bytesMax: Int) throws(FramingViolation) {
        let failure = Self.tail.withUnsafeBytes { tail -> FramingViolation? in
            do throws(FramingViolation) {
                try inflate(tail, into: &output, bytesMax: bytesMax)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }
}
