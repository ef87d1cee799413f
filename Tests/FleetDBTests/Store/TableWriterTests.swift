import Foundation
import ModuleKit
import Testing
import WAMP

@testable import FleetDB

/// What a table promises about its rows, whatever happens to the process and the clock.
@Suite struct TableWriterTests {
    let noon = FleetRoom.noon
    let day: Int64 = 86_400_000

    private func row(_ tsp: Int64, _ n: Int64) -> Value { ["tsp": .integer(tsp), "n": .integer(n)] }

    @Test func `rows are there after a restart, and sequences go on`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint")]))
        for index in 0..<10 { _ = try await room.append("sensordata", row(noon + Int64(index), Int64(index))) }
        try await room.stop()
        #expect(Directory.names(room.directory + "/realm-3-5-prod/sensordata").allSatisfy { !$0.hasSuffix("-wal") })
        try await room.start(template([("n", "bigint")]))
        #expect(try await room.history("sensordata").map { $0["n"] } == (0..<10).map { .integer($0) })
        _ = try await room.append("sensordata", row(noon + 100, 10))
        #expect(try room.session.events("fleetdb.commit.sensordata").last?.first == 11)
    }

    @Test func `answered rows survive a process that closes nothing`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint")], with: ["maintainLatestFlagFor": ["device_key"]]))
        for index in 0..<50 {
            _ = try await room.append("sensordata", row(noon + Int64(index), Int64(index)), keywords: ["DEVICE_KEY": 1])
        }
        let copy = try room.copyAsIfKilled()
        try await copy.start(template([("n", "bigint")], with: ["maintainLatestFlagFor": ["device_key"]]))
        #expect(try await copy.history("sensordata").map { $0["n"] } == (0..<50).map { .integer($0) })
        #expect(try await copy.history("sensordata", ["filterAnd": [["latest": true]]]).map { $0["n"] } == [49])
        _ = try await copy.append("sensordata", row(noon + 100, 50), keywords: ["DEVICE_KEY": 1])
        #expect(try copy.session.events("fleetdb.commit.sensordata").last?.first == 51)
    }

    /// The first start finds the sequences in the chunk, and must not be the only one that ever does.
    @Test(arguments: [[:], ["maintainLatestFlagFor": ["device_key"]]] as [[String: Value]])
    func `sequences go on after two restarts, the first one after a crash`(entity: [String: Value]) async throws {
        let columns = [("n", "bigint")]
        let room = FleetRoom()
        try await room.start(template(columns, with: entity))
        for index in 0..<20 {
            _ = try await room.append("sensordata", row(noon + Int64(index), Int64(index)), keywords: ["DEVICE_KEY": 1])
        }
        let copy = try room.copyAsIfKilled()
        for _ in 0..<2 {
            try await copy.start(template(columns, with: entity))
            try await copy.stop()
        }
        try await copy.start(template(columns, with: entity))
        let answer = try await copy.append("sensordata", row(noon + 100, 20), keywords: ["DEVICE_KEY": 1])
        #expect(answer.result == [["success": true]])
        #expect(try copy.session.events("fleetdb.commit.sensordata").last?.first == 21)
        #expect(try await copy.history("sensordata").map { $0["n"] } == (0...20).map { .integer($0) })
        guard !entity.isEmpty else { return }
        #expect(try await copy.history("sensordata", ["filterAnd": [["latest": true]]]).map { $0["n"] } == [20])
    }

    @Test func `a bulk that would be too long a message with all columns is refused`() async throws {
        let room = FleetRoom()
        try await room.start(template((0..<40).map { ("column_number_\($0)", "bigint") }))
        let rows = Array(repeating: Value.dictionary(["tsp": .integer(noon)]), count: 30_000)
        #expect(try await room.appendBulk("sensordata", rows).error == .invalidArgument)
        #expect(try await room.history("sensordata").isEmpty)
        #expect(try await room.appendBulk("sensordata", Array(rows.prefix(10_000))).error == nil)
    }

    @Test func `a query's time is over with the query`() throws {
        let path = NSTemporaryDirectory() + "deadline-\(UUID().uuidString).db"
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try SQLiteConnection(path: path, .create)
        let connection = try SQLiteConnection(path: path, .read)
        var nanoseconds: Int64 = 1_000_000
        _ = try connection.prepare("SELECT 1").step(within: &nanoseconds)
        Thread.sleep(forTimeInterval: 0.01)
        let count = try connection.integer(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT count(*) FROM n")
        #expect(count == 100_000)
    }

    @Test func `latest rows that were lost are read again from the chunks`() async throws {
        let entity: [String: Value] = ["maintainLatestFlagFor": ["machine"]]
        let columns = [("machine", "string"), ("n", "bigint")]
        let room = FleetRoom()
        try await room.start(template(columns, with: entity))
        _ = try await room.append("sensordata", ["tsp": .integer(noon), "machine": "a", "n": 1])
        try await room.stop()
        // As after a power cut: the chunk was synced, the table's own file was not.
        let before = try room.copyAsIfKilled()
        try await room.start(template(columns, with: entity))
        _ = try await room.append("sensordata", ["tsp": .integer(noon + 1), "machine": "a", "n": 2])
        _ = try await room.append("sensordata", ["tsp": .integer(noon + 1), "machine": "b", "n": 3])
        let killed = try room.copyAsIfKilled()
        let files = killed.directory + "/realm-3-5-prod/sensordata/"
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: files + TableFile.name + suffix)
        }
        try FileManager.default.copyItem(
            atPath: before.directory + "/realm-3-5-prod/sensordata/" + TableFile.name, toPath: files + TableFile.name)
        try await killed.start(template(columns, with: entity))
        let latest = try await killed.history("sensordata", ["filterAnd": [["latest": true]]])
        #expect(Set(latest.compactMap { $0["n"]?.integer }) == [2, 3])
    }

    @Test func `rows of every day lie in a file of their own, late ones too`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint")]))
        let times = [noon, noon - 2 * day, noon - day, noon - 2 * day + 1, noon + day]
        for (index, tsp) in times.enumerated() { _ = try await room.append("sensordata", row(tsp, Int64(index))) }
        #expect(room.chunkFiles("sensordata").count == 4)
        #expect(try await room.history("sensordata").map { $0["n"] } == [1, 3, 2, 0, 4])
        let spread = (0..<10).map { row(noon - Int64($0) * day, 100 + Int64($0)) }
        #expect(try await room.appendBulk("sensordata", spread).result != nil)
        #expect(try await room.history("sensordata", ["limit": 3]).map { $0["n"] } == [0, 100, 4])
    }

    /// Rows are stored sixteen at a time, and those left over one by one.
    @Test(arguments: [1, 15, 16, 17, 32, 50], Serializer.allCases)
    func `a bulk of any size is stored as it came`(_ count: Int, _ serializer: Serializer) async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint"), ("note", "string"), ("detail", "json")]))
        var rows: [Value] = []
        for index in 0..<Int64(count) {
            // Texts with escapes are written anew; every third row lies in another day's chunk.
            let tsp = index % 3 == 0 ? noon + index - day : noon + index
            let note = Value.string("line\n\(index)")
            rows.append(["tsp": .integer(tsp), "n": .integer(index), "note": note, "detail": ["k": .integer(index)]])
        }
        let answer = try await room.appendBulk("sensordata", rows, serializer: serializer, keywords: ["DEVICE_KEY": 7])
        #expect(answer.result?.first?["count"] == .integer(Int64(count)))
        let stored = try await room.history("sensordata").sorted { left, right in
            (left["n"]?.integer ?? 0) < (right["n"]?.integer ?? 0)
        }
        let added: [String: Value] = ["device_key": 7, "authid": "SER-1"]
        let expected = rows.map { row in Value.dictionary((row.dictionary ?? [:]).merging(added) { $1 }) }
        #expect(stored == expected)
        #expect(try room.session.events("transformed.bulk.sensordata").first?.first?.list?.count == count)
    }

    @Test(arguments: [3, 20])
    func `of a bulk with a row that is there already nothing stays`(_ count: Int) async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint")], with: ["maintainLatestFlagFor": ["device_key"]]))
        let last = row(noon + Int64(count) - 1, 99)
        _ = try await room.append("sensordata", last, keywords: ["DEVICE_KEY": 7])
        let rows = (0..<count).map { row(noon + Int64($0), Int64($0)) }
        let refused = try await room.appendBulk("sensordata", rows, keywords: ["DEVICE_KEY": 7])
        #expect(refused.error == .entityKeyConflict)
        _ = try await room.appendBulk("sensordata", [row(noon + 1_000, 100)], keywords: ["DEVICE_KEY": 7])
        #expect(try await room.history("sensordata").map { $0["n"] } == [99, 100])
        #expect(try room.session.events("fleetdb.commit.sensordata").last?.first == 2)
    }

    @Test func `retention leaves exactly the promised range`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint")], with: ["dropAfter": "2 days"]))
        let times = (0..<8).map { noon - Int64($0) * day / 2 }
        for tsp in times { _ = try await room.append("sensordata", row(tsp, (noon - tsp) / 3_600_000)) }
        // A row that is beyond retention when it comes is published and not kept.
        #expect(try room.session.events("transformed.sensordata").count == 8)
        func hours() async throws -> [Int64] { try await room.history("sensordata").compactMap { $0["n"]?.integer } }
        #expect(try await hours() == [48, 36, 24, 12, 0])
        #expect(room.chunkFiles("sensordata").count == 3)
        room.setNow(noon + 1)
        #expect(try await hours() == [36, 24, 12, 0])
        room.setNow(noon + day)
        try await room.fleet.retain()
        #expect(try await hours() == [24, 12, 0])
        #expect(room.chunkFiles("sensordata").count == 2)
        room.setNow(noon + 10 * day)
        try await room.fleet.retain()
        #expect(room.chunkFiles("sensordata").isEmpty)
        #expect(try await hours().isEmpty)
        _ = try await room.append("sensordata", row(noon + 10 * day, 1))
        #expect(try room.session.events("fleetdb.commit.sensordata").last?.first == 9)
    }

    @Test func `the latest row of an entity outlives retention`() async throws {
        let room = FleetRoom()
        try await room.start(
            template(
                [("machine", "string"), ("n", "bigint")],
                with: ["dropAfter": "1 day", "maintainLatestFlagFor": ["machine"]]))
        _ = try await room.append("sensordata", ["tsp": .integer(noon), "machine": "a", "n": 1])
        room.setNow(noon + 30 * day)
        try await room.fleet.retain()
        #expect(room.chunkFiles("sensordata").isEmpty)
        #expect(try await room.history("sensordata").isEmpty)
        #expect(try await room.history("sensordata", ["filterAnd": [["latest": true]]]).map { $0["n"] } == [1])
    }

    @Test func `an entity's absent columns keep their values, and null clears them`() async throws {
        let room = FleetRoom()
        let columns = [("machine", "string"), ("a", "numeric"), ("b", "string"), ("c", "json"), ("d", "boolean")]
        try await room.start(template(columns, with: ["maintainLatestFlagFor": ["machine"]]))
        func append(_ tsp: Int64, _ row: [String: Value]) async throws {
            let row = row.merging(["tsp": .integer(noon + tsp), "machine": "m"]) { $1 }
            #expect(try await room.append("sensordata", .dictionary(row)).result != nil)
        }
        try await append(0, ["a": 1.5, "b": "x", "c": [1], "d": true])
        try await append(1, ["b": "y"])
        try await append(2, ["b": nil, "d": false])
        _ = try await room.append("sensordata", ["tsp": .integer(noon), "machine": "other"])
        let rows = try await room.history(
            "sensordata", ["filterAnd": [["column": "machine", "operator": "=", "value": "m"]]])
        #expect(rows.map { $0["a"] } == [1.5, 1.5, 1.5])
        #expect(rows.map { $0["b"] } == ["x", "y", .null])
        #expect(rows.map { $0["c"] } == [[1], [1], [1]])
        #expect(rows.map { $0["d"] } == [true, true, false])
        // The event is the stored row, inherited values and all.
        let events = try room.session.events("transformed.sensordata").compactMap(\.first)
        #expect(events.filter { $0["machine"] == "m" } == rows)
    }

    @Test func `an entity has one row per time`() async throws {
        let room = FleetRoom()
        try await room.start(
            template([("machine", "string"), ("n", "bigint")], with: ["maintainLatestFlagFor": ["machine"]]))
        func row(_ n: Int64, _ tsp: Int64) -> Value { ["tsp": .integer(noon + tsp), "machine": "m", "n": .integer(n)] }
        #expect(try await room.append("sensordata", row(1, 0)).result != nil)
        let conflict = try await room.append("sensordata", row(2, 0))
        #expect(conflict.error == .entityKeyConflict)
        #expect(conflict.reason?.contains("machine, tsp") == true)
        #expect(try await room.appendBulk("sensordata", [row(3, 1), row(4, 1)]).error == .entityKeyConflict)
        #expect(try await room.appendBulk("sensordata", [row(5, 2), row(6, 3)]).result != nil)
        #expect(try await room.history("sensordata").map { $0["n"] } == [1, 5, 6])
        #expect(try await room.history("sensordata", ["filterAnd": [["latest": true]]]).map { $0["n"] } == [6])
        // A late row is stored, and is not the latest.
        #expect(try await room.append("sensordata", row(7, -1)).result != nil)
        #expect(try await room.history("sensordata", ["filterAnd": [["latest": true]]]).map { $0["n"] } == [6])
    }

    @Test func `a damaged chunk is put aside and the table goes on`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint")]))
        _ = try await room.append("sensordata", row(noon, 1))
        _ = try await room.append("sensordata", row(noon - day, 2))
        try await room.stop()
        let file = try #require(room.chunkFiles("sensordata").last)
        let path = "\(room.directory)/realm-3-5-prod/sensordata/\(file)"
        try Data(repeating: 0x5A, count: 20_000).write(to: URL(fileURLWithPath: path))
        try await room.start(template([("n", "bigint")]))
        #expect(try await room.append("sensordata", row(noon + 1, 3)).result != nil)
        #expect(try await room.history("sensordata").map { $0["n"] } == [2, 3])
        #expect(FileManager.default.fileExists(atPath: path + ".bad1"))
    }

    @Test func `the rows behind a sequence are read page by page, over all chunks`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "bigint")]))
        for index in 0..<20 {
            _ = try await room.append("sensordata", row(noon - Int64(index % 3) * day + Int64(index), Int64(index)))
        }
        _ = try await room.appendBulk("sensordata", (20..<40).map { row(noon + Int64($0), Int64($0)) })
        let admin = try #require(room.host.session(adminRealm))
        var position: Int64 = 0
        var read: [Int64] = []
        for _ in 0..<10 {
            let arguments: [Value] = [.string(FleetRoom.realm), "sensordata", .integer(position), 7]
            let page = try #require(await admin.invoke("fleetdb.rows.since", Payload(arguments)).last?.result?.first)
            let rows = page["rows"]?.list ?? []
            #expect(page["sequences"]?.list?.compactMap(\.integer) == rows.indices.map { position + 1 + Int64($0) })
            read += rows.compactMap { $0["n"]?.integer }
            position = page["sequence"]?.integer ?? -1
        }
        #expect(read == Array(0..<40))
        #expect(position == 40)
        let head: [Value] = [.string(FleetRoom.realm), "sensordata", .integer(.max), 1]
        #expect(
            await admin.invoke("fleetdb.rows.since", Payload(head)).last?.result
                == [["rows": [], "sequences": [], "sequence": 40, "more": false]])
    }

    @Test func `a page of long rows is short, and says that there is more`() async throws {
        let room = FleetRoom()
        try await room.start(template([("s", "string")]))
        for (index, size) in [5, 12, 3, 3].enumerated() {
            let text = Value.string(String(repeating: "x", count: size << 20))
            let tsp = noon + Int64(index / 2) * day
            _ = try await room.append("sensordata", ["tsp": .integer(tsp), "s": text])
        }
        let admin = try #require(room.host.session(adminRealm))
        var position: Int64 = 0
        for (count, more) in [(1, true), (1, true), (2, false)] {
            let arguments: [Value] = [.string(FleetRoom.realm), "sensordata", .integer(position), 1000]
            let page = try #require(await admin.invoke("fleetdb.rows.since", Payload(arguments)).last?.result?.first)
            #expect(page["rows"]?.list?.count == count && page["more"] == .bool(more))
            position = page["sequence"]?.integer ?? -1
        }
        #expect(position == 4)
    }
}
