/// Durations, counted in buckets of 1/32 of a power of two: percentiles to 3 %, whatever their number.
package struct Latencies: Sendable {
    private static let bucketsPerDoubling = 32
    private var buckets = Array(repeating: 0, count: 64 * bucketsPerDoubling)
    package private(set) var count = 0
    package private(set) var max = Duration.zero

    package init() {}

    package mutating func record(nanoseconds: UInt64) {
        buckets[Self.bucket(nanoseconds)] += 1
        count += 1
        max = Swift.max(max, .nanoseconds(Int64(clamping: nanoseconds)))
    }

    package mutating func merge(_ other: Latencies) {
        for index in buckets.indices { buckets[index] += other.buckets[index] }
        count += other.count
        max = Swift.max(max, other.max)
    }

    /// The duration that a share (0…1) of all does not exceed.
    package func percentile(_ share: Double) -> Duration {
        guard count > 0 else { return .zero }
        var remaining = Int((Double(count) * share).rounded(.up))
        for (index, inBucket) in buckets.enumerated() {
            remaining -= inBucket
            if remaining <= 0 { return .nanoseconds(Self.upperBound(index)) }
        }
        return max
    }

    private static func bucket(_ nanoseconds: UInt64) -> Int {
        guard nanoseconds >= UInt64(bucketsPerDoubling) else { return Int(nanoseconds) }
        let exponent = 63 - nanoseconds.leadingZeroBitCount
        let mantissa = Int((nanoseconds >> UInt64(exponent - 5)) & 31)
        return (exponent - 4) * bucketsPerDoubling + mantissa
    }

    private static func upperBound(_ bucket: Int) -> UInt64 {
        guard bucket >= bucketsPerDoubling else { return UInt64(bucket) }
        let exponent = bucket / bucketsPerDoubling + 4
        return (UInt64(bucketsPerDoubling + bucket % bucketsPerDoubling + 1) << UInt64(exponent - 5)) &- 1
    }
}
