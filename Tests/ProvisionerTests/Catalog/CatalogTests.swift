import Foundation
import GRDB
import Logging
import ModuleKit
import Store
import Testing

@testable import Provisioner

let silence = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A directory that goes away with the test.
final class Directory: Sendable {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "provisioner-\(UUID().uuidString)"
        for name in ["credentials", "provisioner", "keys"] {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(name)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct CatalogStoreTests {
    let directory: Directory
    let store: CatalogStore

    init() throws {
        directory = try Directory()
        store = try CatalogStore(path: directory.path + "/provisioner.db", logger: silence)
    }

    private func plant() async throws -> (Project, App, Device) {
        let project = try await store.addProject("hall", key: 3, at: 0)
        let app = try await store.addApp("press", template: "data:", to: 3, key: 5, at: 0)
        return (project, app, try await store.addDevice("left press", serial: "SER-1", to: 3, at: 0))
    }

    @Test func `keys are the next free ones, or those that were chosen`() async throws {
        #expect(try await store.addProject("a", key: nil, at: 0).swarmKey == 1)
        #expect(try await store.addProject("b", key: 7, at: 0).swarmKey == 7)
        #expect(try await store.addProject("c", key: nil, at: 0).swarmKey == 8)
        #expect(try await store.addApp("x", template: "", to: 1, key: nil, at: 0).appKey == 1)
        #expect(try await store.addApp("x", template: "", to: 7, key: 40, at: 0).appKey == 40)
        #expect(try await store.addApp("y", template: "", to: 1, key: nil, at: 0).appKey == 41)
        #expect(try await store.addApp("y", template: "", to: 7, key: 1, at: 0).appKey == 1)
    }

    @Test func `a name, a key and a serial number are taken once, in any case`() async throws {
        _ = try await plant()
        await #expect(throws: CatalogError.nameTaken("Hall")) { try await store.addProject("Hall", key: nil, at: 0) }
        await #expect(throws: CatalogError.keyTaken(3)) { try await store.addProject("other", key: 3, at: 0) }
        await #expect(throws: CatalogError.nameTaken("Press")) {
            try await store.addApp("Press", template: "", to: 3, key: nil, at: 0)
        }
        await #expect(throws: CatalogError.keyTaken(5)) {
            try await store.addApp("other", template: "", to: 3, key: 5, at: 0)
        }
        await #expect(throws: CatalogError.nameTaken("LEFT PRESS")) {
            try await store.addDevice("LEFT PRESS", serial: "SER-2", to: 3, at: 0)
        }
        await #expect(throws: CatalogError.serialTaken("ser-1")) {
            try await store.addDevice("right press", serial: "ser-1", to: 3, at: 0)
        }
    }

    @Test func `a device's key is never given again`() async throws {
        let (_, _, device) = try await plant()
        try await store.removeDevice(device.deviceKey)
        let again = try await store.addDevice("left press", serial: "SER-1", to: 3, at: 0)
        #expect(again.deviceKey > device.deviceKey)
        #expect(try await store.installs(on: again.deviceKey).isEmpty)
    }

    @Test func `an install counts its epochs through all of its lives`() async throws {
        let (_, app, device) = try await plant()
        var (install, isNew) = try await store.install(app, on: device, .prod)
        #expect(install.epoch == 1 && isNew)
        (install, isNew) = try await store.install(app, on: device, .prod)
        #expect(install.epoch == 1 && !isNew)
        let rotated = try await store.rotate(app, device: nil, stage: nil, at: 100)
        #expect(rotated.map(\.epoch) == [2] && rotated.map(\.rotatedAt) == [100])
        try await store.uninstall(app, from: device, .prod)
        #expect(try await store.installs().isEmpty)
        await #expect(throws: CatalogError.notFound) { try await store.uninstall(app, from: device, .prod) }
        (install, isNew) = try await store.install(app, on: device, .prod)
        #expect(install.epoch == 3 && install.rotatedAt == 0 && isNew)
    }

    @Test func `a rotation reaches the device and the stage that were said`() async throws {
        let (_, app, device) = try await plant()
        let other = try await store.addDevice("right press", serial: "SER-2", to: 3, at: 0)
        for (device, stage) in [(device, Stage.prod), (device, .dev), (other, .prod)] {
            _ = try await store.install(app, on: device, stage)
        }
        #expect(try await store.rotate(app, device: device, stage: .dev, at: 1).map(\.epoch) == [2])
        #expect(try await store.rotate(app, device: nil, stage: .prod, at: 1).map(\.deviceKey) == [1, 2])
        #expect(Set(try await store.rotate(app, device: nil, stage: nil, at: 1).map(\.epoch)) == [3])
        await #expect(throws: CatalogError.notFound) { try await store.rotate(app, device: other, stage: .dev, at: 1) }
    }

    @Test func `a reference is a serial number before a name before a key`() async throws {
        _ = try await plant()
        let named = try await store.addDevice("SER-1", serial: "SER-9", to: 3, at: 0)
        let numbered = try await store.addDevice("1", serial: "SER-8", to: 3, at: 0)
        func find(_ text: String) async throws -> [String] {
            try await store.devices(Reference(text), of: nil).map(\.serial)
        }
        #expect(try await find("SER-1") == ["SER-1"])
        #expect(try await find("ser-9") == ["SER-9"])
        #expect(try await find("1") == [numbered.serial])
        #expect(try await find("\(named.deviceKey)") == ["SER-9"])
        #expect(try await find("nothing").isEmpty)
        #expect(try await store.devices(Reference("SER-1"), of: 4).isEmpty)
    }

    @Test func `for credentials a serial number is exact`() async throws {
        _ = try await plant()
        #expect(try await store.device(serial: "SER-1") != nil)
        #expect(try await store.device(serial: "ser-1") == nil)
    }

    @Test(arguments: [
        "INSERT INTO project(swarm_key, name, created_at) VALUES(0, 'x', 0)",
        "INSERT INTO app VALUES(99, 1, 'x', '', 0)",
        "INSERT INTO install VALUES(1, 3, 99, 'prod', 1, 0, 1)",
        "INSERT INTO install VALUES(1, 3, 5, 'test', 1, 0, 1)",
        "INSERT INTO realm VALUES(3, 99, 'prod', 0)",
        "DELETE FROM project WHERE swarm_key = 3",
    ])
    func `the schema refuses nonsense`(sql: String) async throws {
        _ = try await plant()
        await #expect(throws: DatabaseError.self) { try await store.file.write { try $0.execute(sql: sql) } }
    }
}

@Suite struct CatalogNamesTests {
    @Test(arguments: ["hall", "Hall 3", "Presse-Öl_2.1", "7", "печь", String(repeating: "x", count: 64)])
    func `a name`(text: String) { #expect(CatalogNames.isName(text)) }

    @Test(arguments: [
        "", " x", "x ", "-x", ".x", "../x", "a/b", "a\nb", "a\u{0}b", "a'b", "a\"b", "a;b", "$(x)", "a`b", "%n%s",
        "\u{1B}[0m", "a@b", "a|b", String(repeating: "x", count: 65), "\u{202E}x",
    ])
    func `no name`(text: String) { #expect(!CatalogNames.isName(text)) }

    @Test(arguments: ["SER-1", "a:b:c", "00.11_22", "7"])
    func `a serial number`(text: String) { #expect(CatalogNames.isSerial(text)) }

    @Test(arguments: [
        "", "a b", "a@b", "a|b", "a/b", "ü", "a\n", "#", "*", "+", "%", "a,b", String(repeating: "x", count: 65),
    ])
    func `no serial number`(text: String) { #expect(!CatalogNames.isSerial(text)) }

    @Test func `a serial number that was made up is one`() {
        let serials = Set((0..<256).map { CatalogNames.serial(random: Array(repeating: UInt8($0), count: 10)) })
        #expect(serials.count == 32)
        #expect(serials.allSatisfy { CatalogNames.isSerial($0) && $0.count == 13 })
    }
}
