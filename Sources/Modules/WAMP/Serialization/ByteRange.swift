/// Where something lies in a frame: offsets into its bytes, small enough to travel by value.
///
/// Valid only together with the frame it was read from.
package struct ByteRange: Hashable, Sendable, BitwiseCopyable {
    package var lowerBound: UInt32
    package var upperBound: UInt32

    @inlinable
    package init(_ lowerBound: Int, _ upperBound: Int) {
        self.lowerBound = UInt32(truncatingIfNeeded: lowerBound)
        self.upperBound = UInt32(truncatingIfNeeded: upperBound)
    }

    /// The largest offset that fits.
    package static let offsetMax = Int(UInt32.max)

    package static let empty = ByteRange(0, 0)

    @inlinable
    package var range: Range<Int> { Int(lowerBound)..<Int(upperBound) }
    @inlinable
    package var count: Int { Int(upperBound) - Int(lowerBound) }
    @inlinable
    package var isEmpty: Bool { lowerBound == upperBound }
}
