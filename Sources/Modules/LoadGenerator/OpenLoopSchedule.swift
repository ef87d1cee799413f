/// When publications are due, by the clock alone: an open loop does not wait for the one before.
package struct OpenLoopSchedule: Sendable, Hashable {
    private let perSecond: Double
    private let start: UInt64
    private var sent = 0

    /// - Parameter start: nanoseconds of the clock that `due` is asked with.
    package init(perSecond: Double, start: UInt64) {
        self.perSecond = perSecond
        self.start = start
    }

    /// How many have become due since this was last asked.
    package mutating func due(at now: UInt64) -> Int {
        guard now > start else { return 0 }
        let total = Int(min(Double(now - start) / 1e9 * perSecond, 1e15))
        defer { sent = max(sent, total) }
        return max(0, total - sent)
    }

    /// How long to wait before asking again: until the next one, but not more often than a timer is good for.
    package var intervalNanoseconds: Int64 { Int64(max(1e9 / perSecond, 500_000).rounded()) }
}
