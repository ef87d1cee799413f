// How encoded bytes are appended: each value at once, so that growing, uniqueness and capacity are asked about once.

extension Array<UInt8> {
    /// Appends bytes as they are.
    @inline(__always)
    mutating func append(_ contents: Span<UInt8>) {
        append(addingCapacity: contents.count) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                contents.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
                count = contents.count
            }
        }
    }

    /// Appends a first byte, the `width` lowest bytes of `argument` with the most significant first, and `contents`:
    /// what MessagePack and CBOR make of any value.
    ///
    /// - Parameter width: 0 to 8.
    @inline(__always)
    mutating func append(head: UInt8, argument: UInt64 = 0, width: Int = 0, contents: Span<UInt8> = Span()) {
        // Eight bytes of argument are always stored, those that count first; what follows overwrites the others.
        append(addingCapacity: 9 &+ contents.count) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                let buffer = UnsafeMutableRawBufferPointer(buffer)
                unsafe buffer.storeBytes(of: head, as: UInt8.self)
                let first = argument &<< UInt64(truncatingIfNeeded: 64 &- 8 &* width)
                unsafe buffer.storeBytes(of: first.bigEndian, toByteOffset: 1, as: UInt64.self)
                count = 1 &+ width
                contents.withUnsafeBytes { contents in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: contents)
                }
                count &+= contents.count
            }
        }
    }

    /// Appends `before`, the contents and `after`, for instance a text in quotes.
    ///
    /// - Parameters:
    ///   - before: up to eight bytes, the first in the lowest bits; `beforeCount` of them count.
    ///   - after: likewise.
    @inline(__always)
    mutating func append(
        _ before: UInt64, _ beforeCount: Int, _ contents: Span<UInt8>, _ after: UInt64, _ afterCount: Int
    ) {
        append(addingCapacity: 16 &+ contents.count) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                let buffer = UnsafeMutableRawBufferPointer(buffer)
                unsafe buffer.storeBytes(of: before.littleEndian, as: UInt64.self)
                contents.withUnsafeBytes { contents in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[beforeCount...]).copyMemory(from: contents)
                }
                count = beforeCount &+ contents.count
                unsafe buffer.storeBytes(of: after.littleEndian, toByteOffset: count, as: UInt64.self)
                count &+= afterCount
            }
        }
    }
}
