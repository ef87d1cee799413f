import ModuleKit
import Testing
import WAMP

@testable import Alarms

/// What people and programs write into a call.
struct AlarmRequestTests {
    @Test func `a dictionary and keyword arguments are the same`() throws {
        let expected = AlarmRequest.acknowledge(AlarmKey(rule: "boiler", deviceKey: 7), comment: "ok")
        let whole: [String: Value] = ["rule": "boiler", "device_key": 7, "comment": "ok"]
        for payload in [
            Payload([.dictionary(whole)]), Payload([], whole),
            Payload([["rule": "boiler", "device_key": 3]], ["device_key": "7", "comment": "ok"]),
        ] {
            #expect(try AlarmProcedure.acknowledge.request(Parameters(payload)) == expected)
        }
    }

    @Test func `a call that is too long is not read`() {
        let error = #expect(throws: WAMPError.self) {
            try Parameters(Payload([.string(String(repeating: "x", count: Parameters.bytesMax))]))
        }
        #expect(error?.uri == .payloadSizeExceeded)
    }

    @Test func `every procedure has its request`() throws {
        let key: [String: Value] = ["rule": "boiler", "device_key": 7]
        let alarm = AlarmKey(rule: "boiler", deviceKey: 7)
        func request(_ procedure: AlarmProcedure, _ more: [String: Value]) throws -> AlarmRequest {
            try procedure.request(Parameters(key.merging(more) { $1 }))
        }
        #expect(try request(.reset, ["comment": "done"]) == .reset(alarm, comment: "done"))
        #expect(try request(.unshelve, [:]) == .unshelve(alarm, comment: ""))
        #expect(try request(.annotate, ["text": "again"]) == .annotate(alarm, text: "again"))
        #expect(
            try request(.shelve, ["reason": "why", "until": 5000])
                == .shelve(alarm, until: .at(Timestamp(milliseconds: 5000)), reason: "why"))
        #expect(
            try request(.shelve, ["reason": "why", "duration": "8h"])
                == .shelve(alarm, until: .after(.seconds(8 * 3600)), reason: "why"))
        #expect(
            try request(.list, ["state": "active", "severity": "major"])
                == .list(AlarmFilter(state: "active", severity: .major, deviceKey: 7, rule: "boiler")))
        #expect(
            try request(.history, ["limit": 5, "from": 1, "kind": nil])
                == .history(
                    JournalQuery(rule: "boiler", deviceKey: 7, from: Timestamp(milliseconds: 1), limit: 5)))
        #expect(try request(.putRule, ["rule": "name: a"]) == .putRules(.yaml("name: a")))
        #expect(try request(.putRule, ["rules": "- name: a"]) == .putRules(.yaml("- name: a")))
        #expect(try request(.putRule, ["rule": ["name": "a"]]) == .putRules(.value(["name": "a"])))
        #expect(
            try AlarmProcedure.putRule.request(Parameters(["name": "a"])) == .putRules(.value(["name": "a"])))
        #expect(try request(.deleteRule, ["name": "a"]) == .deleteRule("a"))
        #expect(try request(.listRules, [:]) == .listRules)
    }

    @Test(
        arguments: [
            (.acknowledge, ["device_key": 7], "rule"), (.acknowledge, ["rule": "a"], "device_key"),
            (.acknowledge, ["rule": 1, "device_key": 7], "rule"),
            (.acknowledge, ["rule": "a", "device_key": "seven"], "device_key"),
            (.acknowledge, ["rule": "a", "device_key": 7.5], "device_key"),
            (
                .acknowledge, ["rule": "a", "device_key": 7, "comment": .string(String(repeating: "x", count: 2001))],
                "comment"
            ),
            (.shelve, ["rule": "a", "device_key": 7, "reason": "why"], "until"),
            (.shelve, ["rule": "a", "device_key": 7, "reason": "why", "duration": "8"], "duration"),
            (.list, ["state": "open"], "state"), (.list, ["severity": "fatal"], "severity"),
            (.history, ["limit": 0], "limit"), (.history, ["limit": 10_001], "limit"),
            (.history, ["offset": -1], "offset"),
            (.deleteRule, [:], "name"),
        ] as [(AlarmProcedure, [String: Value], String)])
    func `an argument that cannot be used is named`(
        _ procedure: AlarmProcedure, _ values: [String: Value], _ key: String
    ) throws {
        let error = #expect(throws: WAMPError.self) { try procedure.request(Parameters(values)) }
        #expect(error?.uri == .invalidArgument)
        #expect(try error?.payload.decodedArgumentsKw()["field"] == .string(key))
    }

    @Test(
        arguments: [
            (nil, [false, true, true, true, true, true]), ("all", [true, true, true, true, true, true]),
            ("active", [false, true, true, false, false, false]),
            ("unacknowledged", [false, true, false, true, false, false]),
            ("shelved", [false, false, false, false, false, true]),
            ("normal", [true, false, false, false, false, true]),
            ("returned_acknowledged", [false, false, false, false, true, false]),
        ] as [(String?, [Bool])])
    func `a filter lists what it says`(_ state: String?, _ accepted: [Bool]) throws {
        let shelved = try alarm(.normal)
            .shelve(until: start + 60, reason: "why", by: anna, now: start, longest: .seconds(60)).alarm
        let alarms = [
            alarm(.normal), alarm(.active(.major, acknowledged: false)), alarm(.active(.major, acknowledged: true)),
            alarm(.returned(.major, acknowledged: false)), alarm(.returned(.major, acknowledged: true)), shelved,
        ]
        #expect(alarms.map(AlarmFilter(state: state).accepts) == accepted)
    }
}

struct CommittedRowsTests {
    private static func rows(_ count: Int) -> Value {
        .list(Array(repeating: ["tsp": 5, "device_key": 7], count: count))
    }

    @Test func `the rows of an event have the sequences up to its last`() throws {
        let rows = try #require(CommittedRows(event: Payload([12, Self.rows(3)]), now: start))
        #expect(rows.rows.map(\.sequence) == [10, 11, 12])
        #expect(rows.rows.allSatisfy { $0.deviceKey == 7 && $0.time == Timestamp(milliseconds: 5) })
    }

    @Test(arguments: [
        Payload([]), Payload([12]), Payload([12, 3]), Payload(["12", Self.rows(1)]), Payload([12, [1, 2]]),
        Payload([2, Self.rows(3)]), Payload([-1, []]),
        Payload(serializer: .messagePack, arguments: [0xC1]),
    ])
    func `what is no event is refused`(_ payload: Payload) {
        #expect(CommittedRows(event: payload, now: start) == nil)
    }

    @Test func `an answer numbers its rows, and may tell of more than its last one`() throws {
        let answer: Value = ["rows": Self.rows(2), "sequences": [10, 14], "sequence": 20]
        let rows = try #require(CommittedRows(answer: Payload([answer]), now: start))
        #expect(rows.rows.map(\.sequence) == [10, 14])
        #expect(rows.through == 20)
    }

    @Test(
        arguments: [
            [:], ["rows": [], "sequences": []], ["rows": [1], "sequences": [1], "sequence": 1],
            ["rows": Self.rows(2), "sequences": [1], "sequence": 1], ["rows": Self.rows(1), "sequence": 1],
        ] as [Value])
    func `what is no answer is refused`(_ answer: Value) {
        #expect(CommittedRows(answer: Payload([answer]), now: start) == nil)
    }

    @Test(
        arguments: [
            (nil, .next), (9, .next), (10, .next), (11, .next), (12, .seen), (13, .seen), (.max, .seen), (8, .gap),
            (0, .gap),
        ] as [(Int64?, CommittedRows.Continuity)])
    func `rows 10 to 12 follow, are known, or leave a gap`(
        _ position: Int64?, _ continuity: CommittedRows.Continuity
    ) throws {
        let rows = try #require(CommittedRows(event: Payload([12, Self.rows(3)]), now: start))
        #expect(rows.continuity(after: position) == continuity)
    }
}
