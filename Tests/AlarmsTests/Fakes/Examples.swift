import Foundation
import Logging
import Synchronization
import WAMP

@testable import Alarms

// The rule and the rows that most tests use: a boiler, too hot above 95, warm above 85.

let anna = Caller(authid: "anna", authrole: "operator")
let erik = Caller(authid: "erik", authrole: "engineer")
let start = Timestamp(milliseconds: 1_000_000)

func above(_ threshold: Double, deadband: Double = 0) -> AlarmCondition {
    .predicate(Predicate(temperature, .greater, .double(threshold), deadband: deadband))
}

var temperature: ColumnPath { path("temperature") }

func path(_ text: String) -> ColumnPath {
    guard let path = ColumnPath(text) else { preconditionFailure("\(text) is no path") }
    return path
}

func boiler(
    name: String = "boiler", table: String = "sensordata", latched: Bool = false, on: Duration = .zero,
    off: Duration = .zero, enabled: Bool = true, deadband: Double = 0
) -> AlarmRule {
    AlarmRule(
        name: name, table: table,
        conditions: [.critical: above(95, deadband: deadband), .major: above(85, deadband: deadband)],
        resolvesByItself: !latched, delay: ConditionDelay(on: on, off: off), isEnabled: enabled,
        message: try? MessageTemplate("{temperature} °C"))
}

func row(_ temperature: Value, sequence: Int64 = 1, device: Int64 = 7, at time: Timestamp = start) -> AlarmRow {
    AlarmRow(
        sequence: sequence, time: time, deviceKey: device,
        columns: [
            "tsp": .integer(time.milliseconds), "device_key": .integer(device), "temperature": temperature,
        ])
}

/// An alarm that has got where it is by the boiler rule.
func alarm(_ state: AlarmState, device: Int64 = 7) -> AlarmInstance {
    var alarm = AlarmInstance(AlarmKey(rule: "boiler", deviceKey: device), state: state)
    if let severity = state.severity {
        alarm.occurrence = Occurrence(
            raisedAt: start, worst: severity,
            evidence: Evidence(rowTime: start, sequence: 1, message: "hot", values: ["temperature": 99]))
        alarm.raiseCount = 1
    }
    return alarm
}

extension Timestamp {
    static func + (lhs: Timestamp, seconds: Int64) -> Timestamp { lhs + .seconds(seconds) }
}

/// A clock that stands until a test moves it.
final class ManualClock: Sendable {
    private let time = Mutex(start)
    var now: Timestamp { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }

    /// Sleeps do not end by themselves: ticks are the test's.
    var clock: AlarmClock {
        AlarmClock(now: { self.now }, sleep: { _ in try await Task.sleep(for: .seconds(3600)) })
    }
}

/// A directory that goes when the value goes.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("alarms-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func store() throws -> AlarmStore {
        try AlarmStore(
            path: path + "/alarms.db", logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
}
