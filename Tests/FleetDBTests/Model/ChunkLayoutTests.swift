import Testing

@testable import FleetDB

@Suite struct ChunkLayoutTests {
    @Test(arguments: [(0, 0, 100), (99, 0, 100), (100, 100, 200), (-1, -100, 0), (-100, -100, 0), (-101, -200, -100)])
    func `a chunk is aligned to the interval`(tsp: Int64, start: Int64, end: Int64) {
        #expect(ChunkLayout(interval: 100).chunk(for: tsp) == Chunk(start: start, end: end))
    }

    @Test func `chunks of another interval keep their range, new ones fit between them`() {
        let layout = ChunkLayout(interval: 100, chunks: [Chunk(start: 150, end: 180), Chunk(start: 220, end: 500)])
        #expect(layout.chunk(for: 160) == Chunk(start: 150, end: 180))
        #expect(layout.chunk(for: 120) == Chunk(start: 100, end: 150))
        #expect(layout.chunk(for: 190) == Chunk(start: 180, end: 200))
        #expect(layout.chunk(for: 210) == Chunk(start: 200, end: 220))
        #expect(layout.chunk(for: 499) == Chunk(start: 220, end: 500))
        #expect(layout.chunk(for: 500) == Chunk(start: 500, end: 600))
    }

    @Test func `of two chunks that overlap the earlier stays`() {
        let layout = ChunkLayout(interval: 10, chunks: [Chunk(start: 5, end: 15), Chunk(start: 0, end: 10)])
        #expect(layout.chunks == [Chunk(start: 0, end: 10)])
    }

    @Test func `whatever comes in whatever order, chunks never overlap and hold what they were made for`() {
        var random = SplitMix(seed: 7)
        for _ in 0..<50 {
            var layout = ChunkLayout(interval: 1)
            for _ in 0..<40 {
                layout = ChunkLayout(interval: Int64.random(in: 1...50, using: &random), chunks: layout.chunks)
                let tsp = Int64.random(in: -500...500, using: &random)
                let chunk = layout.chunk(for: tsp)
                #expect(chunk.contains(tsp))
                layout.insert(chunk)
                layout.insert(chunk)
                #expect(zip(layout.chunks, layout.chunks.dropFirst()).allSatisfy { $0.end <= $1.start })
                #expect(layout.chunk(for: tsp) == chunk)
            }
        }
    }

    @Test func `a range reads the chunks that it touches, the newest first`() {
        let layout = ChunkLayout(interval: 10, chunks: (0..<5).map { Chunk(start: $0 * 10, end: $0 * 10 + 10) })
        #expect(layout.newestFirst(from: 15, to: 30).map(\.start) == [20, 10])
        #expect(layout.newestFirst(from: .min, to: .max).count == 5)
        #expect(layout.newestFirst(from: 20, to: 20).isEmpty)
    }

    @Test func `a file's name is its chunk`() {
        let chunk = Chunk(start: -86_400_000, end: 0)
        #expect(Chunk(fileName: chunk.fileName) == chunk)
        for name in ["table.db", "1_2.db-wal", "2_1.db", "1_2_3.db", "a_b.db", "1_2.db.bad1", "_.db"] {
            #expect(Chunk(fileName: name) == nil)
        }
    }

    @Test(arguments: [
        (0, 86_400_000, 60_000), (1000, 86_400_000, 3_600_000), (8_640_000, 86_400_000, 60_000),
        (864_000_000, 86_400_000, 10_000), (100_000_000_000, 86_400_000, 10_000), (2_000_000, 86_400_000, 600_000),
    ])
    func `a bucket is as wide as the rate allows`(rows: Int64, span: Int64, expected: Int64) {
        #expect(BucketWidth.choose(rows: rows, spanMilliseconds: span) == expected)
    }
}

@Suite struct RetentionPlanTests {
    @Test func `whole chunks before the cutoff expire, rows exactly at it stay`() {
        let layout = ChunkLayout(interval: 10, chunks: [Chunk(start: 0, end: 10), Chunk(start: 10, end: 20)])
        let plan = RetentionPlan(retentionMilliseconds: 100, now: 110)
        #expect(plan.cutoff == 10)
        #expect(plan.expired(layout) == [Chunk(start: 0, end: 10)])
        #expect(plan.isExpired(9))
        #expect(!plan.isExpired(10))
        #expect(RetentionPlan(retentionMilliseconds: 100, now: 109).expired(layout).isEmpty)
    }

    @Test func `without dropAfter nothing ever expires`() {
        let plan = RetentionPlan(retentionMilliseconds: nil, now: .max)
        #expect(!plan.isExpired(.min))
        #expect(plan.expired(ChunkLayout(interval: 1, chunks: [Chunk(start: 0, end: 1)])).isEmpty)
    }
}

@Suite struct DiskGuardTests {
    @Test func `writes are refused below one mark and accepted again at another`() {
        var disk = DiskGuard(refuseBelowBytes: 30, resumeAtBytes: 40)
        let observed: [(Int64, Bool)] = [(30, false), (29, true), (30, true), (39, true), (40, false), (31, false)]
        for (free, refuses) in observed {
            let before = disk.refuses
            #expect(disk.observe(freeBytes: free) == (before != refuses))
            #expect(disk.refuses == refuses)
        }
    }
}

/// A generator that gives the same numbers every time.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
