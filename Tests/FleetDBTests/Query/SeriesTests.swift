import ModuleKit
import Testing
import WAMP

@testable import FleetDB

/// What `history.transformed.series` takes and what it answers.
@Suite struct SeriesTests {
    let noon = FleetRoom.noon

    private func series(_ room: FleetRoom, _ request: [String: Value]) async throws -> RecordedSession.Act {
        try #require(
            await room.session.invoke("history.transformed.series.sensordata", Payload([.dictionary(request)])).last)
    }

    /// Ten rows, one a second from noon on, in chunks of a minute that begin in between.
    private func room() async throws -> FleetRoom {
        let room = FleetRoom()
        let columns = [("n", "numeric"), ("b", "bigint"), ("s", "string"), ("j", "json")]
        try await room.start(template(columns, with: ["chunkTimeInterval": "1 minute"]))
        let rows: [Value] = (0..<10).map { index in
            [
                "tsp": .integer(noon + 55_000 + index * 1000), "n": .double(Double(index) / 2), "b": .integer(index),
                "s": index % 2 == 0 ? "even" : "odd", "j": ["x": .integer(index * 10)],
            ]
        }
        _ = try await room.appendBulk("sensordata", rows)
        return room
    }

    @Test func `every method aggregates its bucket, over chunks and aligned to the start`() async throws {
        let methods = ["AVG", "SUM", "COUNT", "MIN", "MAX", "FIRST", "LAST"]
        let metrics: [Value] =
            methods.map { ["ref": "n", "method": .string($0)] } + [["ref": "tsp", "method": "COUNT"]]
        let answer = try await series(
            room(),
            [
                "metrics": .list(metrics), "limit": 100, "bucketMs": 4000,
                "timeRange": [.integer(noon + 54_000), .integer(noon + 64_000)],
            ])
        // Buckets begin at 54, 58 and 62 s: rows 0…2, 3…6, 7 and 8.
        let rows = try #require(answer.result?.first?.list)
        #expect(rows.map { $0["tsp"] } == [54, 58, 62].map { .integer(noon + $0 * 1000) })
        #expect(rows.map { $0["COUNT:tsp"] } == [3, 4, 2])
        #expect(rows.map { $0["AVG:n"] } == [0.5, 2.25, 3.75])
        #expect(rows.map { $0["SUM:n"] } == [1.5, 9, 7.5])
        #expect(rows.map { $0["COUNT:n"] } == [3, 4, 2])
        #expect(rows.map { $0["MIN:n"] } == [0, 1.5, 3.5])
        #expect(rows.map { $0["MAX:n"] } == [1, 3, 4])
        #expect(rows.map { $0["FIRST:n"] } == [0, 1.5, 3.5])
        #expect(rows.map { $0["LAST:n"] } == [1, 3, 4])
    }

    @Test func `groups, filters and json paths`() async throws {
        let answer = try await series(
            room(),
            [
                "metrics": [["ref": "b", "method": "SUM"], ["ref": "j.x", "method": "MAX"]], "limit": 1,
                "groupBy": ["s"], "timeRange": [.integer(noon), .integer(noon + 3_600_000)],
                "filterAnd": [["column": "b", "operator": "<", "value": 8]],
            ])
        #expect(
            answer.result == [
                [
                    ["tsp": .integer(noon), "s": "odd", "SUM:b": 16, "MAX:j.x": 70],
                    ["tsp": .integer(noon), "s": "even", "SUM:b": 12, "MAX:j.x": 60],
                ]
            ])
    }

    @Test(
        arguments: [
            (100, nil, 10_000, 100), (1, nil, 10_000, 10_000), (3, nil, 10_000, 3_333.333), (10, 1000, 10_000, 1000),
            (3, 1000, 10_000, 4000), (4, 3000, 10_000, 3000),
        ] as [(Int64, Int64?, Int64, Double)])
    func `the width keeps the buckets within the limit`(
        limit: Int64, bucket: Int64?, span: Int64, milliseconds: Double
    ) throws {
        let request: Value = [
            "metrics": [["ref": "tsp", "method": "COUNT"]], "limit": .integer(limit),
            "bucketMs": bucket.map(Value.integer) ?? .null, "timeRange": [0, .integer(span)],
        ]
        let schema = TableSchema(name: "t", columns: [Column("tsp", .timestamp)])
        let read = try SeriesRequest([request], schema, currentUser: nil, now: 0)
        #expect(read.widthMicroseconds == Int64(milliseconds * 1000))
    }

    @Test func `what makes no sense is refused by name`() async throws {
        let room = try await room()
        let range: Value = [.integer(noon), .integer(noon + 1000)]
        func metric(_ ref: String, _ method: String) -> Value { [["ref": .string(ref), "method": .string(method)]] }
        let cases: [([String: Value], ErrorURI)] = [
            (["metrics": metric("nobody", "AVG"), "timeRange": range], .invalidMetric),
            (["metrics": metric("s", "AVG"), "timeRange": range], .invalidMetric),
            (["metrics": metric("j", "MAX"), "timeRange": range], .invalidMetric),
            (["metrics": metric("tsp", "MAX"), "timeRange": range], .invalidMetric),
            (["metrics": metric("n.x", "AVG"), "timeRange": range], .invalidMetric),
            (["metrics": metric("n", "AVG"), "timeRange": range, "groupBy": ["n"]], .invalidMetric),
            (["metrics": metric("n", "AVG"), "timeRange": range, "groupBy": ["tsp"]], .invalidGroupBy),
            (["metrics": metric("n", "AVG"), "timeRange": range, "groupBy": ["nobody"]], .invalidGroupBy),
            (["metrics": metric("n", "AVG"), "timeRange": [nil, .integer(noon)]], .invalidTimeRange),
            (["metrics": metric("n", "AVG"), "timeRange": [.integer(noon), .integer(noon)]], .invalidTimeRange),
            (["metrics": metric("n", "MEDIAN"), "timeRange": range], .runtimeError),
            (["metrics": [], "timeRange": range], .runtimeError),
        ]
        for (request, uri) in cases {
            let answer = try await series(room, request.merging(["limit": 10]) { $1 })
            #expect(answer.error == uri, "\(request)")
            #expect(answer.reason?.isEmpty == false)
        }
    }
}
