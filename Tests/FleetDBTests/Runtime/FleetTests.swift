import ModuleKit
import Testing
import WAMP

@testable import FleetDB

@Suite struct FleetTests {
    let noon = FleetRoom.noon

    @Test func `a realm gets every procedure and topic of its tables`() async throws {
        let room = FleetRoom()
        try await room.start(template([("temperature", "numeric")]))
        let procedures = try room.session.procedures
        for table in ["sensordata", "error-logs"] {
            for name in ["append.3.5.", "appendBulk.3.5.", "history.transformed.", "history.transformed.app.5."] {
                #expect(procedures.contains(name + table))
            }
            #expect(try room.session.topics.isSuperset(of: ["3.5.\(table)", "bulk.3.5.\(table)"]))
        }
    }

    @Test func `an append is published before it is answered, and history has the event's row`() async throws {
        let room = FleetRoom()
        try await room.start(template([("temperature", "numeric"), ("ok", "boolean"), ("note", "string")]))
        let answer = try await room.append(
            "sensordata", ["tsp": .integer(noon), "temperature": 21.0, "ok": true, "note": "ä\"\\"],
            keywords: ["DEVICE_KEY": "7", "DEVICE_NAME": "press"])
        #expect(answer.result == [["success": true]])
        let row: Value = [
            "tsp": .integer(noon), "temperature": 21, "ok": true, "note": "ä\"\\", "device_key": 7, "authid": "SER-1",
        ]
        #expect(
            try room.session.acts.map(\.kind) == [
                "publish fleetdb.commit.sensordata", "publish transformed.sensordata", "yield",
            ])
        #expect(try room.session.events("transformed.sensordata") == [[row]])
        #expect(try room.session.events("fleetdb.commit.sensordata") == [[1, [row]]])
        #expect(try await room.history("sensordata") == [row])
    }

    @Test(arguments: Serializer.allCases)
    func `rows are the same whatever serializer brought them and takes them`(_ serializer: Serializer) async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "numeric"), ("b", "bigint"), ("s", "string"), ("j", "json")]))
        let json: Value = ["a": [1, 2.5, nil, "x\n"], "ü": ["k": true]]
        let row: [String: Value] = [
            "tsp": "2026-11-21T12:00:00.250Z", "n": 0.1, "b": .integer(.max), "s": "tab\t€", "j": json,
        ]
        _ = try await room.append("sensordata", .dictionary(row), serializer: serializer)
        let stored = row.merging(["tsp": .integer(noon + 250), "device_key": -1, "authid": "SER-1"]) { $1 }
        #expect(try room.session.events("transformed.sensordata") == [[.dictionary(stored)]])
        for reading in Serializer.allCases {
            #expect(try await room.history("sensordata", serializer: reading) == [.dictionary(stored)])
        }
    }

    @Test func `a row without tsp is refused with a reason and leaves nothing`() async throws {
        let room = FleetRoom()
        try await room.start(template([("temperature", "numeric")]))
        let missing = try await room.append("sensordata", ["temperature": 1])
        #expect(missing.error == .runtimeError)
        #expect(missing.reason == "missing tsp")
        let unreadable = try await room.append("sensordata", ["tsp": "yesterday"])
        #expect(unreadable.reason?.contains("tsp is no timestamp") == true)
        #expect(try await room.history("sensordata").isEmpty)
        #expect(try room.session.events("transformed.sensordata").isEmpty)
    }

    @Test func `a bulk is all or nothing`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "numeric")]))
        let good: [Value] = (0..<5).map { ["tsp": .integer(noon + $0), "n": .integer($0)] }
        let bad = try await room.appendBulk("sensordata", good + [["n": 1]])
        #expect(bad.error == .runtimeError)
        #expect(try await room.history("sensordata").isEmpty)
        #expect(try await room.appendBulk("sensordata", []).error == .runtimeError)
        let answer = try await room.appendBulk("sensordata", good)
        #expect(answer.result == [["success": true, "count": 5]])
        #expect(try await room.history("sensordata").count == 5)
        #expect(try room.session.events("transformed.bulk.sensordata").first?.first?.list?.count == 5)
        // The refused bulk has used no sequence.
        #expect(try room.session.events("fleetdb.commit.sensordata").first?.first == 5)
    }

    @Test func `published rows are stored, and a bad one becomes a row of error-logs`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "numeric")]))
        try room.session.deliver("3.5.sensordata", Payload([["tsp": .integer(noon), "n": 1]]), authid: "SER-9")
        try room.session.deliver("3.5.sensordata", Payload([["n": 2]], ["DEVICE_KEY": "4"]), authid: "SER-9")
        try room.session.deliver(
            "bulk.3.5.sensordata", Payload([[["tsp": .integer(noon + 1), "n": 3]]]), authid: "SER-9")
        // Answered after what was published before it.
        _ = try await room.append("sensordata", ["tsp": .integer(noon + 2), "n": 4])
        #expect(try await room.history("sensordata").map { $0["n"] } == [1, 3, 4])
        _ = try await room.append("error-logs", ["tsp": .integer(noon), "msg": "from the app"])
        let logged = try await room.history("error-logs")
        #expect(logged.count == 2)
        let refused = try #require(logged.first { $0["source"] == "fleetdb sensordata" })
        #expect(refused["msg"] == "row refused: missing tsp")
        #expect(refused["level"] == "error")
        #expect(refused["id"]?.integer != nil)
    }

    @Test func `a private table is published to no other app, and read by none`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "numeric")], with: ["private": true]))
        _ = try await room.append("sensordata", ["tsp": .integer(noon), "n": 1])
        #expect(
            try room.session.acts.contains {
                if case .publish("transformed.sensordata", _, ["app_reader"]) = $0 { true } else { false }
            })
        let answer = try await room.session.invoke(
            "history.transformed.sensordata", Payload([["limit": 1]]), authrole: "app_reader")
        #expect(answer.last?.error == .notAuthorized)
    }

    @Test func `writes are refused while the disk is nearly full`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "numeric")]))
        room.setFreeBytes(2 << 30)
        #expect(try await room.append("sensordata", ["tsp": .integer(noon), "n": 1]).error == .storageFull)
        room.setFreeBytes(3 << 30 + 1)
        room.setNow(noon + 2000)
        #expect(try await room.append("sensordata", ["tsp": .integer(noon), "n": 1]).error == .storageFull)
        room.setFreeBytes(4 << 30)
        room.setNow(noon + 4000)
        #expect(try await room.append("sensordata", ["tsp": .integer(noon), "n": 1]).result != nil)
    }

    @Test func `a full queue keeps the sessions from receiving until it has drained`() async throws {
        let room = FleetRoom()
        var configuration = FleetDBConfiguration()
        configuration.queue.requestsMax = 4
        try await room.start(template([("n", "numeric")]), configuration: configuration)
        for index in 0..<400 {
            try await room.session.begin("append.3.5.sensordata", Payload([["tsp": .integer(noon + Int64(index))]]))
        }
        _ = try await room.append("sensordata", ["tsp": .integer(noon)])
        let pauses = try room.session.acts.compactMap { if case .pause(let isPaused) = $0 { isPaused } else { nil } }
        #expect(pauses.first == true)
        #expect(pauses.last == false)
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 != $1 })
        #expect(try await room.history("sensordata").count == 401)
    }

    @Test func `preparing the same template again changes nothing, another one takes its place`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "numeric")]))
        let first = try room.session
        _ = try await room.append("sensordata", ["tsp": .integer(noon), "n": 1])
        #expect(try await room.prepare(template([("n", "numeric")])).result != nil)
        #expect(try room.session === first)
        #expect(try await room.prepare(template([("n", "numeric"), ("m", "string")])).result != nil)
        #expect(first.hasLeft)
        _ = try await room.append("sensordata", ["tsp": .integer(noon + 1), "n": 2, "m": "new"])
        #expect(try await room.history("sensordata").map { $0["m"] } == [.null, "new"])
    }

    @Test func `a template that contradicts the store is refused, and says why`() async throws {
        let room = FleetRoom()
        try await room.start(template([("n", "numeric")]))
        let type = try await room.prepare(template([("n", "string")]))
        #expect(type.error == .invalidArgument)
        #expect(type.reason?.contains("use another id") == true)
        let key = try await room.prepare(template([("n", "numeric")], with: ["maintainLatestFlagFor": ["n"]]))
        #expect(key.error == .invalidArgument)
    }

    @Test func `realms that were open before are taken up from the provisioner`() async throws {
        let entry: Value = ["realm": .string(FleetRoom.realm), "template": template([("n", "numeric")])]
        let room = FleetRoom(
            host: RecordedHost { procedure, _ in
                procedure == "gantry.realm.list"
                    ? .success(Payload([.list([entry])])) : .failure(WAMPError(.noSuchProcedure))
            })
        try await room.start()
        #expect(try room.session.procedures.contains("append.3.5.sensordata"))
    }
}

extension RecordedSession.Act {
    fileprivate var kind: String {
        switch self {
        case .publish(let topic, _, _): "publish \(topic)"
        case .yield: "yield"
        case .progress: "progress"
        case .fail(_, let uri, _): "fail \(uri)"
        case .pause(let isPaused): "pause \(isPaused)"
        }
    }
}
