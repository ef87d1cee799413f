import WAMP

/// The newest of the rows that come in any order, encoded.
struct NewestRows: Sendable {
    private struct Place: Sendable, Hashable, BitwiseCopyable {
        var tsp: Int64
        var sequence: Int64
        /// Where the row lies in `bytes`.
        var start: Int
        var end: Int

        func isNewer(than other: Place) -> Bool { (tsp, sequence) > (other.tsp, other.sequence) }
    }

    private let limit: Int
    private let bytesMax: Int
    private var places: [Place] = []
    /// The rows, in any order.
    private(set) var bytes: [UInt8] = []
    /// The oldest row that was kept when there were too many: older ones need not come.
    private var oldest: Place?

    /// - Parameter limit: how many rows are wanted.
    init(limit: Int, bytesMax: Int = 32 << 20) {
        self.limit = limit
        self.bytesMax = bytesMax
    }

    /// Whether there is no room for more: they have to be sorted in another way.
    var isFull: Bool { bytes.count > bytesMax }

    /// Whether a row may be among the newest.
    @inline(__always)
    func admits(tsp: Int64, sequence: Int64) -> Bool {
        guard let oldest else { return limit > 0 }
        return (tsp, sequence) > (oldest.tsp, oldest.sequence)
    }

    mutating func add(tsp: Int64, sequence: Int64, _ row: Span<UInt8>) {
        let start = bytes.count
        row.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        places.append(Place(tsp: tsp, sequence: sequence, start: start, end: bytes.count))
        // Twice as many: so that it takes as many rows as are kept until they are sorted again.
        if places.count > 64, places.count / 2 >= limit { keepNewest() }
    }

    private mutating func keepNewest() {
        places.sort { $0.isNewer(than: $1) }
        places.removeLast(max(0, places.count - limit))
        oldest = places.last
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        for index in places.indices {
            let start = kept.count
            kept.append(contentsOf: bytes[places[index].start..<places[index].end])
            places[index].start = start
            places[index].end = kept.count
        }
        bytes = kept
    }

    /// Puts the rows in order; then `takeNewest` takes one after the other.
    mutating func sort() {
        places.sort { $1.isNewer(than: $0) }
        if places.count > limit { places.removeFirst(places.count - limit) }
    }

    /// Where in `bytes` the newest row lies that is left.
    mutating func takeNewest() -> Range<Int>? {
        places.popLast().map { $0.start..<$0.end }
    }
}
