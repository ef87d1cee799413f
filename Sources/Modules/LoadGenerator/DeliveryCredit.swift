/// The window of one publisher: how many publications it may still send, by the deliveries that it has heard of.
package struct DeliveryCredit: Sendable, Hashable {
    private let window: Int
    private let deliveriesPerPublication: Int
    private var publications = 0
    private var deliveries = 0

    package init(window: Int, deliveriesPerPublication: Int) {
        self.window = window
        self.deliveriesPerPublication = max(1, deliveriesPerPublication)
    }

    /// Deliveries that are still to come.
    package var outstanding: Int { publications * deliveriesPerPublication - deliveries }
    package var mayPublish: Bool { outstanding <= (window - 1) * deliveriesPerPublication }

    package mutating func published() { publications += 1 }
    /// More than were sent do not count.
    package mutating func delivered() { if outstanding > 0 { deliveries += 1 } }

    /// Takes what is still to come for lost.
    /// - Returns: how many deliveries that is.
    package mutating func giveUp() -> Int {
        defer { deliveries = publications * deliveriesPerPublication }
        return outstanding
    }
}

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
