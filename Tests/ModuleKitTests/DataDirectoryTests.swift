import Testing

@testable import ModuleKit

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct DataDirectoryTests {
    /// A path below the temporary directory at which nothing is.
    private static func freshPath() -> String { "/tmp/gantry-data-\(getpid())-\(UInt64.random(in: 0 ... .max))" }

    private static func mode(_ path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt32(status.st_mode) & 0o777 : nil
    }

    private static func remove(_ directory: DataDirectory, _ names: String...) {
        for name in names + ["keys", "lock"] {
            if unlink("\(directory.path)/\(name)") != 0 { rmdir("\(directory.path)/\(name)") }
        }
        rmdir(directory.path)
    }

    @Test func `rooms are private and made once`() throws {
        let data = DataDirectory(path: Self.freshPath() + "/")
        defer { Self.remove(data, "fleetdb") }
        #expect(try data.create(for: ["fleetdb"]) == [data.path, data.path + "/keys", data.path + "/fleetdb"])
        for path in [data.path, data.keys, data.directory(of: "fleetdb")] { #expect(Self.mode(path) == 0o700) }
        #expect(try data.create(for: ["fleetdb"]) == [])
    }

    @Test func `the lock has one owner, and goes with its value`() throws {
        let data = DataDirectory(path: Self.freshPath())
        defer { Self.remove(data) }
        try data.create(for: [])
        do {
            let lock = try data.lock()
            let error = #expect(throws: DataDirectoryError.self) { try data.lock() }
            #expect(error?.reason == .inUse(processID: Int(getpid())))
            #expect(error?.description.contains("process \(getpid())") == true)
            withExtendedLifetime(lock) {}
        }
        _ = try data.lock()
    }

    @Test func `keys that others can read are refused`() throws {
        let data = DataDirectory(path: Self.freshPath())
        defer { Self.remove(data) }
        try data.create(for: [])
        chmod(data.keys, 0o755)
        let error = #expect(throws: DataDirectoryError.self) { try data.create(for: []) }
        #expect(
            error?.description == "\(data.keys): other users can read the keys (mode 0755); chmod 0700 \(data.keys)")
    }

    @Test func `a file in the way is named`() throws {
        let data = DataDirectory(path: Self.freshPath())
        defer { unlink(data.path) }
        close(open(data.path, O_CREAT | O_WRONLY, 0o600))
        let error = #expect(throws: DataDirectoryError.self) { try data.create(for: []) }
        #expect(error?.path == data.path)
        #expect(error?.reason == .notADirectory)
    }

    @Test func `a relative path counts from the working directory`() throws {
        let data = DataDirectory(path: "somewhere//")
        #expect(data.path.hasPrefix("/"))
        #expect(data.path.hasSuffix("/somewhere"))
    }
}
