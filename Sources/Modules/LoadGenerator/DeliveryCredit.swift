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
