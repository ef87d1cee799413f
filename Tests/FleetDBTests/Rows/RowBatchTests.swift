import Testing
import WAMP

@testable import FleetDB

/// Events are spliced from rows that were encoded once; what comes out must be what a `Value` would be.
@Suite struct RowBatchTests {
    private struct Failure: Error {}

    private func add(
        _ rows: [Value], to batch: inout RowBatch, _ serializer: Serializer, fails: Bool = false
    ) throws -> EncodedRows {
        try batch.add(serializer) { writer in
            for row in rows { writer.value(row) }
            if fails { throw Failure() }
            return rows.count
        }
    }

    @Test(arguments: Serializer.allCases)
    func `each request gets its own rows, and the commit all of them`(_ serializer: Serializer) throws {
        var batch = RowBatch()
        for _ in 0..<2 {
            batch.clear()
            let first = try add([["n": 1]], to: &batch, serializer)
            #expect(throws: Failure.self) { try add([["n": 0], ["n": 0]], to: &batch, serializer, fails: true) }
            let second = try add([["n": 2], ["n": 3]], to: &batch, serializer)
            #expect(try batch.single(first).decodedArguments() == [["n": 1]])
            #expect(try batch.bulk(second).decodedArguments() == [[["n": 2], ["n": 3]]])
            let commit = batch.commit([first, second], serializer, lastSequence: 7)
            #expect(try commit.decodedArguments() == [7, [["n": 1], ["n": 2], ["n": 3]]])
        }
    }

    @Test func `rows of other serializers do not mix`() throws {
        var batch = RowBatch()
        let all = try Serializer.allCases.map { ($0, try add([.string($0.name)], to: &batch, $0)) }
        for (serializer, rows) in all {
            #expect(batch.single(rows).serializer == serializer)
            #expect(try batch.single(rows).decodedArguments() == [.string(serializer.name)])
        }
    }

    @Test(arguments: Serializer.allCases)
    func `keys that are encoded once are the writer's own`(_ serializer: Serializer) {
        let names = ["tsp", "", "a\"b\n", "größe", String(repeating: "k", count: 70)]
        let keys = RowKeys(names, serializer)
        var spliced = ValueWriter(serializer)
        var plain = ValueWriter(serializer)
        spliced.beginDictionary(names.count)
        plain.beginDictionary(names.count)
        for (index, name) in names.enumerated() {
            keys.write(index, to: &spliced)
            spliced.integer(Int64(index))
            plain.key(name)
            plain.integer(Int64(index))
        }
        spliced.endDictionary()
        plain.endDictionary()
        #expect(spliced.bytes == plain.bytes)
        #expect(keys.count == names.count)
    }
}
