/// The middle of some figures, and their ends.
package struct Spread: Sendable, Hashable {
    package let median: Double
    package let least: Double
    package let most: Double

    /// Nil when there are none.
    package init?(_ values: [Double]) {
        let sorted = values.filter(\.isFinite).sorted()
        guard let least = sorted.first, let most = sorted.last else { return nil }
        self.least = least
        self.most = most
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
