import Testing

@testable import FleetDB

/// However rows come, the newest of them are kept, and handed out the newest first.
@Suite struct NewestRowsTests {
    private func taken(_ rows: [(tsp: Int64, sequence: Int64)], limit: Int) -> [String] {
        var newest = NewestRows(limit: limit)
        for row in rows where newest.admits(tsp: row.tsp, sequence: row.sequence) {
            newest.add(tsp: row.tsp, sequence: row.sequence, Array("\(row.tsp)/\(row.sequence)".utf8).span)
        }
        newest.sort()
        var taken: [String] = []
        while let range = newest.takeNewest() {
            taken.append(String(decoding: newest.bytes[range], as: UTF8.self))
        }
        return taken
    }

    @Test(arguments: [0, 1, 3, 40, 65, 100, 1_000])
    func `the newest come first, and of one time the last written`(_ limit: Int) {
        var generator = SystemRandomNumberGenerator()
        let rows = (0..<500).map { (tsp: Int64($0 / 3), sequence: Int64($0)) }
        let expected = rows.reversed().prefix(limit).map { "\($0.tsp)/\($0.sequence)" }
        #expect(taken(rows, limit: limit) == expected)
        #expect(taken(rows.reversed(), limit: limit) == expected)
        #expect(taken(rows.shuffled(using: &generator), limit: limit) == expected)
    }

    @Test func `rows older than all that were kept are not asked for`() {
        var newest = NewestRows(limit: 2)
        #expect(newest.admits(tsp: -5, sequence: 1))
        for tsp in Int64(0)..<100 { newest.add(tsp: tsp, sequence: tsp, [1].span) }
        #expect(!newest.admits(tsp: 3, sequence: 3))
        #expect(newest.admits(tsp: 100, sequence: 100))
    }

    @Test func `too many bytes are too many`() {
        var newest = NewestRows(limit: 100, bytesMax: 10)
        newest.add(tsp: 1, sequence: 1, Array(repeating: 0, count: 10).span)
        #expect(!newest.isFull)
        newest.add(tsp: 2, sequence: 2, [0].span)
        #expect(newest.isFull)
    }
}
