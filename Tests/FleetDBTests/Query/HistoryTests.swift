import ModuleKit
import Testing
import WAMP

@testable import FleetDB

/// What `history.transformed` takes and what it answers.
@Suite struct HistoryTests {
    let noon = FleetRoom.noon

    private func room(_ count: Int64 = 10) async throws -> FleetRoom {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint"), ("j", "json"), ("s", "string")]))
        let rows: [Value] = (0..<count).map {
            [
                "tsp": .integer(noon + $0 * 1000), "n": .integer($0), "j": ["a": .integer($0), "b": ["c": 1]],
                "DEVICE_KEY": .integer($0 % 3),
            ]
        }
        _ = try await room.appendBulk("sensordata", rows)
        return room
    }

    @Test(
        arguments: [
            ([:], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), (["limit": 3], [7, 8, 9]), (["limit": 3, "offset": 2], [5, 6, 7]),
            (["limit": 3, "offset": 9], [0]), (["limit": 0], []), (["limit": 5, "offset": 50], []),
            (["timeRange": [1_795_262_402_000, 1_795_262_405_000]], [2, 3, 4]),
            (["timeRange": ["2026-11-21T12:00:08Z", nil]], [8, 9]),
            (["timeRange": [nil, 1_795_262_401_000.5]], [0, 1]),
            (["timeRange": nil, "filterAnd": nil, "columns": nil, "columnPaths": nil, "offset": nil], Array(0..<10)),
            (["filterAnd": [["latest": true]]], [9]),
            (["filterAnd": [["column": "latest_flag", "operator": "=", "value": true]]], [9]),
            (["filterAnd": [["latest": true], ["column": "n", "operator": "<", "value": 5, "latest": nil]]], [4]),
            (["filterAnd": [["column": "device_key", "operator": "=", "value": 1]], "limit": 2], [4, 7]),
            (
                ["filterAnd": [["column": "device_key", "operator": "=", "value": 1]], "limit": 2, "offset": 1], [1, 4]
            ),
        ] as [([String: Value], [Int64])])
    func `the newest rows after the offset come in ascending order`(
        request: [String: Value], expected: [Int64]
    ) async throws {
        let answer = try await room().history("sensordata", request)
        #expect(answer.compactMap { $0["n"]?.integer } == expected)
    }

    @Test func `a projection always has tsp, device_key and authid`() async throws {
        let room = try await room(1)
        #expect(
            try await room.history("sensordata", ["columns": ["n"]])
                == [["n": 0, "tsp": .integer(noon), "device_key": 0, "authid": "SER-1"]])
        #expect(
            try await room.history("sensordata", ["columns": ["j"], "columnPaths": ["j.b.c", "j.nobody", "n.x"]])
                == [["j": ["b": ["c": 1], "nobody": nil], "tsp": .integer(noon), "device_key": 0, "authid": "SER-1"]])
        let whole = try await room.history("sensordata", ["columns": ["j"], "columnPaths": ["j.b", "j"]])
        #expect(whole.first?["j"] == ["a": 0, "b": ["c": 1]])
    }

    @Test func `whoever does not wait any more is sent no further rows`() async throws {
        let room = FleetRoom()
        try await room.start(template([("s", "string")]))
        let text = String(repeating: "x", count: 1000)
        _ = try await room.appendBulk(
            "sensordata", (0..<9500).map { ["tsp": .integer(noon + $0), "s": .string(text)] })
        let session = try room.session
        session.interruptAtProgress()
        let question = Payload([["limit": 9500]])
        let acts = await session.invoke("history.transformed.sensordata", question, progress: true)
        #expect(acts.count == 2, "one chunk, and the end")
        guard case .fail(_, .canceled, _) = acts.last else {
            Issue.record("\(String(describing: acts.last))")
            return
        }
    }

    @Test func `IS CURRENT USER is whoever calls`() async throws {
        let room = try await room(2)
        let request: [String: Value] = ["filterAnd": [["column": "authid", "operator": "IS CURRENT USER"]]]
        #expect(try await room.history("sensordata", request, authid: "SER-1").count == 2)
        #expect(try await room.history("sensordata", request, authid: "SER-2").isEmpty)
        #expect(try await room.history("sensordata", request).isEmpty)
    }

    static let malformed: [Value] = [
        [:], ["limit": 10_001], ["limit": -1], ["limit": 1.5], ["limit": "5"], ["limit": 1, "offset": -1],
        ["limit": 1, "timeRange": [1]], ["limit": 1, "timeRange": ["soon", nil]], ["limit": 1, "columns": ["nobody"]],
        ["limit": 1, "columns": "n"], ["limit": 1, "filterAnd": ["x"]], "limit", nil,
        ["limit": 1, "filterAnd": [["column": "n", "operator": "~"]]],
        ["limit": 1, "filterAnd": [["column": "n", "operator": "=", "value": ["x": 1]]]],
        ["limit": 1, "filterAnd": [["combinator": "XOR", "filters": []]]],
    ]

    static let invalidFilters: [Value] = [
        ["combinator": "OR", "filters": [], "column": "n"],
        ["column": "s", "operator": "LIKE", "value": .string(String(repeating: "%", count: 17))],
        ["column": "s", "operator": "LIKE", "value": .string(String(repeating: "%\u{301}", count: 17))],
        ["column": "s", "operator": "LIKE", "value": .string(String(repeating: "a", count: 513))],
        ["column": "n", "operator": "IN", "value": .list(Array(repeating: 1, count: 1001))],
    ]

    @Test func `a request that cannot be understood says why`() async throws {
        let room = try await room(1)
        let invalid: [Value] = Self.invalidFilters.map { ["limit": 1, "filterAnd": [$0]] }
        let all = Self.malformed.map { ($0, ErrorURI.runtimeError) } + invalid.map { ($0, ErrorURI.invalidFilter) }
        let session = try room.session
        for (request, uri) in all {
            let acts = await session.invoke("history.transformed.sensordata", Payload([request]))
            let answer = try #require(acts.last)
            #expect(answer.error == uri, "\(request): \(answer)")
            #expect(answer.reason?.isEmpty == false)
        }
    }

    @Test func `filters nested beyond all use are refused`() async throws {
        let room = try await room(1)
        var filter: Value = ["column": "n", "operator": "=", "value": 1]
        for _ in 0..<20 { filter = ["combinator": "AND", "filters": [filter]] }
        let many: Value = .list(Array(repeating: ["column": "n", "operator": "=", "value": 1], count: 201))
        for filters in [[filter], many] as [Value] {
            let payload = Payload([["limit": 1, "filterAnd": filters]])
            #expect(
                await (try room.session).invoke("history.transformed.sensordata", payload).last?.error == .invalidFilter
            )
        }
    }

    @Test func `a query that takes too long is given up`() async throws {
        let room = FleetRoom()
        var configuration = FleetDBConfiguration()
        configuration.queryNanosecondsMax = 0
        try await room.start(template([("n", "bigint")]), configuration: configuration)
        let rows: [Value] = (0..<9500).map { ["tsp": .integer(noon + $0), "n": .integer($0)] }
        _ = try await room.appendBulk("sensordata", rows)
        let filter: Value = ["column": "n", "operator": "=", "value": -1]
        let payload = Payload([["limit": 1, "filterAnd": [filter]]])
        let answer = try await room.session.invoke("history.transformed.sensordata", payload).last
        #expect(answer?.error == .timeout)
        #expect(answer?.reason?.contains("too long") == true)
    }

    @Test func `rows of many devices and buckets come in the order of time`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint")]))
        let rows: [Value] = (0..<600).map { index in
            let tsp = noon + Int64(index) * 997 % 180_000
            return ["tsp": .integer(tsp), "n": .integer(Int64(index)), "DEVICE_KEY": .integer(Int64(index * 7 % 11))]
        }
        _ = try await room.appendBulk("sensordata", rows)
        let inOrder = rows.sorted { $0["tsp"]?.integer ?? 0 < $1["tsp"]?.integer ?? 0 }.map { $0["n"] }
        for (limit, offset) in [(600, 0), (1, 0), (10, 0), (250, 0), (10, 590), (300, 150), (5, 600)] {
            let answer = try await room.history(
                "sensordata", ["limit": .integer(Int64(limit)), "offset": .integer(Int64(offset))])
            #expect(answer.map { $0["n"] } == Array(inOrder.dropLast(offset).suffix(limit)), "\(limit) \(offset)")
        }
    }

    @Test func `a bucket of rows too big to sort here is sorted by SQLite`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint"), ("s", "string")]))
        let text = Value.string(String(repeating: "x", count: 700_000))
        for index in Int64(0)..<50 {
            _ = try await room.append(
                "sensordata", ["tsp": .integer(noon + (50 - index)), "n": .integer(index), "s": text],
                keywords: ["DEVICE_KEY": .integer(index % 2)])
        }
        let answer = try await room.history("sensordata", ["limit": 50, "columns": ["n"]])
        #expect(answer.compactMap { $0["n"]?.integer } == (0..<50).reversed())
        let payload = Payload([["limit": 50]])
        let acts = try await room.session.invoke("history.transformed.sensordata", payload, progress: true)
        let chunks = acts.compactMap { if case .progress(_, let arguments) = $0 { arguments.last?.list } else { nil } }
        #expect(chunks.flatMap { $0 }.compactMap { $0["n"]?.integer } == Array(0..<50))
    }

    @Test func `an answer beyond one message comes in chunks, the newest first`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint"), ("s", "string")]))
        let text = Value.string(String(repeating: "x", count: 400_000))
        for start in stride(from: Int64(0), to: 50, by: 10) {
            let rows: [Value] = (start..<start + 10).map { ["tsp": .integer(noon + $0), "n": .integer($0), "s": text] }
            _ = try await room.appendBulk("sensordata", rows)
        }
        let payload = Payload([["limit": 10_000]])
        let acts = try await room.session.invoke("history.transformed.sensordata", payload, progress: true)
        let chunks = acts.compactMap { if case .progress(_, let arguments) = $0 { arguments } else { nil } }
        #expect(chunks.map { $0.first } == [0, 1, 2])
        #expect(
            acts.last?.result == [["chunked": true, "chunkCount": 3, "totalRows": 50, "order": "asc"]])
        let rows = chunks.flatMap { $0.last?.list ?? [] }
        #expect(rows.compactMap { $0["n"]?.integer } == (0..<50).reversed())
        let refused = try await room.session.invoke("history.transformed.sensordata", payload)
        #expect(refused.last?.error == .resultTooLarge)
    }
}
