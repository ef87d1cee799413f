// The ways into a frame. Each checks its bounds with one comparison, here or in the guard that stands right before the
// call, and never further away; so none of them needs the check that a subscript would add.

extension Span<UInt8> {
    /// The byte at `offset`.
    ///
    /// - Throws: `.truncated` when there is none.
    @inline(__always)
    func byte(at offset: Int) throws(WireError) -> UInt8 {
        guard UInt(bitPattern: offset) < UInt(bitPattern: count) else { throw WireError(.truncated, at: count) }
        return unsafe self[unchecked: offset]
    }

    /// Whether eight bytes lie at `offset`.
    @inline(__always)
    func hasWord(at offset: Int) -> Bool { offset >= 0 && offset <= count &- 8 }

    /// Eight bytes, the first in the lowest bits.
    ///
    /// - Precondition: `hasWord(at: offset)`, which the caller has just checked; this does not.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: self.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// A big-endian integer, as MessagePack and CBOR have them.
    ///
    /// - Throws: `.truncated` when it reaches beyond the end.
    @inline(__always)
    func bigEndian<Integer: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ offset: Int, _ type: Integer.Type
    ) throws(WireError) -> Integer {
        guard offset >= 0, offset <= count &- MemoryLayout<Integer>.size else {
            throw WireError(.truncated, at: count)
        }
        return unsafe Integer(bigEndian: self.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: type))
    }

    /// Where `length` bytes from `start` end.
    ///
    /// - Throws: `.truncated` when that is beyond the end.
    @inline(__always)
    func end(of length: Int, from start: Int) throws(WireError) -> Int {
        guard length >= 0, start >= 0, start <= count, length <= count &- start else {
            throw WireError(.truncated, at: count)
        }
        return start &+ length
    }
}
