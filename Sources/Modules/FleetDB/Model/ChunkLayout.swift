// How a table's time is cut into files. A chunk is a half-open range of time and one SQLite file; retention removes
// whole files. Inside a chunk rows are clustered by bucket first, so that what is being written now lies on few pages
// whatever the number of devices, and one device's range is one seek per bucket.

/// A chunk: its range of time, in milliseconds, `end` excluded.
struct Chunk: Sendable, Hashable, Comparable {
    var start: Int64
    var end: Int64

    func contains(_ tsp: Int64) -> Bool { start <= tsp && tsp < end }

    static func < (lhs: Chunk, rhs: Chunk) -> Bool { (lhs.start, lhs.end) < (rhs.start, rhs.end) }
}

/// The chunks that a table has, oldest first, never overlapping.
///
/// The interval of the template may change: chunks that are there keep their range, and new ones fit between them.
struct ChunkLayout: Sendable, Hashable {
    private(set) var chunks: [Chunk]
    let interval: Int64

    /// - Parameter chunks: in any order; of two that overlap the earlier stays.
    init(interval: Int64, chunks: some Sequence<Chunk> = []) {
        self.interval = max(interval, 1)
        self.chunks = []
        for chunk in chunks.sorted() where chunk.start < chunk.end && (self.chunks.last?.end ?? .min) <= chunk.start {
            self.chunks.append(chunk)
        }
    }

    /// The chunk of a point in time; one that is not there yet is aligned to the interval and cut off at its
    /// neighbours.
    func chunk(for tsp: Int64) -> Chunk {
        let next = indexAfter(tsp)
        if next > 0, chunks[next - 1].contains(tsp) { return chunks[next - 1] }
        let clamped = min(max(tsp, Timestamp.range.lowerBound), Timestamp.range.upperBound)
        let start = floorDivide(clamped, interval) * interval
        return Chunk(
            start: next > 0 ? max(start, chunks[next - 1].end) : start,
            end: next < chunks.count ? min(start + interval, chunks[next].start) : start + interval)
    }

    mutating func insert(_ chunk: Chunk) {
        let next = indexAfter(chunk.start)
        if next > 0, chunks[next - 1] == chunk { return }
        chunks.insert(chunk, at: next)
    }

    mutating func remove(_ chunk: Chunk) {
        chunks.removeAll { $0 == chunk }
    }

    /// The chunks that hold rows of `[start, end)`, newest first.
    func newestFirst(from start: Int64, to end: Int64) -> [Chunk] {
        chunks.reversed().filter { $0.start < end && start < $0.end }
    }

    /// The chunks that lie wholly before `cutoff`.
    func expired(before cutoff: Int64) -> [Chunk] {
        chunks.filter { $0.end <= cutoff }
    }

    /// The index of the first chunk that begins after `tsp`.
    private func indexAfter(_ tsp: Int64) -> Int {
        // New rows belong to the newest chunk nearly always.
        if let last = chunks.last, last.start <= tsp { return chunks.count }
        var low = 0, high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle].start <= tsp { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Chunk {
    static let fileExtension = ".db"

    /// `<start>_<end>.db`, in milliseconds: the directory's listing is the layout.
    var fileName: String { "\(start)_\(end)\(Self.fileExtension)" }

    init?(fileName: String) {
        guard fileName.hasSuffix(Self.fileExtension) else { return nil }
        let parts = fileName.dropLast(Self.fileExtension.count).split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, let start = Int64(parts[0]), let end = Int64(parts[1]), start < end else { return nil }
        self.init(start: start, end: end)
    }
}

/// How much time the rows of one bucket span. Chosen when a chunk is created, and kept in it.
enum BucketWidth {
    static let initial: Int64 = 60_000
    private static let choices: [Int64] = [10_000, 60_000, 600_000, 3_600_000]
    /// Above so many rows a bucket's pages no longer stay in the cache while it is written.
    private static let rowsMax = 20_000.0

    /// The widest bucket that keeps within `rowsMax` rows at the rate of an earlier chunk; wide buckets make ranges
    /// of one device cheap, narrow ones keep inserts on few pages.
    static func choose(rows: Int64, spanMilliseconds: Int64) -> Int64 {
        guard rows > 0, spanMilliseconds > 0 else { return initial }
        let rate = Double(rows) / Double(spanMilliseconds)
        return choices.last { Double($0) * rate <= rowsMax } ?? choices[0]
    }
}

/// Rounds towards negative infinity: times before 1970 are negative. `divisor` is positive.
func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
}
