import Foundation
import Logging
import ModuleKit
import Synchronization
import Testing
import WAMP

@testable import FleetDB

/// A fleet in a directory of its own, with one app realm; the clock stands still until it is set.
final class FleetRoom: Sendable {
    static let realm = "realm-3-5-prod"
    /// 2026-11-21T12:00:00Z
    static let noon: Int64 = 1_795_262_400_000

    let directory: String
    let host: RecordedHost
    private let dials = Dials()
    private let running = Mutex<(fleet: Fleet, service: RealmService)?>(nil)

    init(host: RecordedHost = RecordedHost()) {
        directory = NSTemporaryDirectory() + "fleetdb-" + UUID().uuidString
        self.host = host
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var fleet: Fleet { get throws { try #require(running.withLock { $0 }).fleet } }
    /// The session in the app realm.
    var session: RecordedSession { get throws { try #require(host.session(Self.realm)) } }

    func setNow(_ milliseconds: Int64) { dials.now.withLock { $0 = milliseconds } }
    func setFreeBytes(_ bytes: Int64) { dials.free.withLock { $0 = bytes } }

    /// What a fleet reads of the world; apart from the room, which owns the fleet.
    private final class Dials: Sendable {
        let now = Mutex(FleetRoom.noon)
        let free = Mutex<Int64>(100 << 30)
    }

    /// Starts FleetDB and, with a template, prepares the realm.
    func start(_ template: Value? = nil, configuration: FleetDBConfiguration = FleetDBConfiguration()) async throws {
        let fleet = Fleet(
            directory: directory, configuration: configuration, logger: Logger(label: "test") { _ in SilentLog() },
            clock: { [dials] in dials.now.withLock { $0 } }, freeBytes: { [dials] in dials.free.withLock { $0 } })
        let service = RealmService(fleet: fleet, host: host, logger: fleet.logger)
        running.withLock { $0 = (fleet, service) }
        try await service.start()
        guard let template else { return }
        let answer = try await prepare(template)
        try #require(answer.error == nil, "\(answer)")
    }

    func prepare(_ template: Value, realm: String = FleetRoom.realm) async throws -> RecordedSession.Act {
        let admin = try #require(host.session(adminRealm))
        return try #require(
            await admin.invoke("fleetdb.realm.prepare", Payload([.string(realm), template])).last)
    }

    /// Closes every file, as a shutdown does.
    func stop() async throws {
        let (fleet, service) = try #require(running.withLock { $0 })
        await service.stop()
        await fleet.shutDown()
        running.withLock { $0 = nil }
    }

    /// Forgets everything without closing, as kill -9 does to the process but not to the files.
    func copyAsIfKilled() throws -> FleetRoom {
        let copy = FleetRoom()
        try FileManager.default.copyItem(atPath: directory, toPath: copy.directory)
        return copy
    }

    // MARK: Calls

    func append(
        _ table: String, _ row: Value, serializer: Serializer = .messagePack, keywords: [String: Value] = [:],
        authid: String? = "SER-1"
    ) async throws -> RecordedSession.Act {
        let payload = Payload([row], keywords, serializer: serializer)
        return try #require(await session.invoke("append.3.5.\(table)", payload, authid: authid).last)
    }

    func appendBulk(
        _ table: String, _ rows: [Value], serializer: Serializer = .messagePack, keywords: [String: Value] = [:]
    ) async throws -> RecordedSession.Act {
        let payload = Payload([.list(rows)], keywords, serializer: serializer)
        return try #require(await session.invoke("appendBulk.3.5.\(table)", payload, authid: "SER-1").last)
    }

    /// The rows that a history answers.
    func history(
        _ table: String, _ request: [String: Value] = [:], serializer: Serializer = .messagePack,
        authid: String? = nil
    ) async throws -> [Value] {
        let request: Value = .dictionary(["limit": 10_000].merging(request) { $1 })
        let payload = Payload([request], serializer: serializer)
        let answer = try #require(
            await session.invoke("history.transformed.\(table)", payload, authid: authid).last)
        return try #require(answer.result?.first?.list, "\(answer)")
    }

    func chunkFiles(_ table: String) -> [String] {
        Directory.names("\(directory)/\(Self.realm)/\(table)").filter { $0.hasSuffix(".db") && $0 != TableFile.name }
            .sorted()
    }
}

/// Logs nothing.
struct SilentLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .critical
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {}
}

/// A data template with one table.
func template(
    _ columns: [(String, String)], table: String = "sensordata", with more: [String: Value] = [:]
) -> Value {
    let columns: [Value] = ([("tsp", "timestamp")] + columns).map { id, dataType in
        ["id": .string(id), "name": .string(id), "description": "", "dataType": .string(dataType)]
    }
    let definition: [String: Value] = ["tablename": .string(table), "columns": .list(columns)]
    return ["data": ["tables": [.dictionary(definition.merging(more) { $1 })]]]
}
