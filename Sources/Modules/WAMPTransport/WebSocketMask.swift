/// The masking of RFC 6455 "Client-to-Server Masking", 32 bytes at a time.
///
/// NIO's decoder goes byte by byte and costs sixty times as much; on a busy router that is the largest single cost of
/// a WebSocket.
struct WebSocketMask: Sendable, Hashable, BitwiseCopyable {
    /// The first key byte on the wire is the lowest.
    private var key: UInt32

    /// - Parameter key: the four bytes of the masking key, the first on the wire lowest.
    init(littleEndian key: UInt32) { self.key = key }

    /// Copies `source` to `target`, masked or unmasked, and moves the mask on by as many bytes.
    /// `target` must have room for `source.count` bytes.
    @inline(__always)
    mutating func apply(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
        let count = source.count
        let wide = UInt64(key) | UInt64(key) << 32
        let word = wide.littleEndian  // as it lies in memory, on any machine
        let words = SIMD4(repeating: word)
        var index = 0
        while count - index >= 32 {
            let bytes = source.loadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self)
            target.storeBytes(of: bytes ^ words, toByteOffset: index, as: SIMD4<UInt64>.self)
            index += 32
        }
        while count - index >= 8 {
            let bytes = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            target.storeBytes(of: bytes ^ word, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        var rest = wide
        while index < count {
            target.storeBytes(of: source[index] ^ UInt8(truncatingIfNeeded: rest), toByteOffset: index, as: UInt8.self)
            rest >>= 8
            index += 1
        }
        let turn = UInt32(truncatingIfNeeded: count & 3) * 8
        key = key >> turn | key << ((32 - turn) & 31)
    }
}
