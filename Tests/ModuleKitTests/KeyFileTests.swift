import Foundation
import Testing

@testable import ModuleKit

@Suite struct KeyFileTests {
    private let directory = KeysDirectory()
    private var path: String { directory.keys + "/credentials.key" }

    @Test func `a key is written whole, for its owner alone, and read again`() throws {
        let key = (0..<32).map(UInt8.init)
        #expect(try KeyFile.read(path) == nil)
        try KeyFile.create(path, key)
        #expect(try KeyFile.read(path) == key)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.keys) == ["credentials.key"])
    }

    @Test func `a key that is there is never replaced`() throws {
        try KeyFile.create(path, Array(repeating: 1, count: 32))
        #expect(throws: KeyFileError(path, .system(call: "link", errno: EEXIST))) {
            try KeyFile.create(path, Array(repeating: 2, count: 32))
        }
        #expect(try KeyFile.read(path) == Array(repeating: 1, count: 32))
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o666])
    func `a key that others may read or write is refused`(mode: Int) throws {
        try KeyFile.create(path, Array(repeating: 1, count: 32))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        #expect(throws: KeyFileError(path, .openToOthers(mode: UInt32(mode)))) { try KeyFile.read(path) }
    }

    @Test(arguments: [0, 1, 31, 33, 4096])
    func `a key of another size is refused`(count: Int) throws {
        try KeyFile.create(path, Array(repeating: 1, count: count))
        #expect(throws: KeyFileError(path, .wrongSize)) { try KeyFile.read(path) }
    }

    @Test func `a link in place of a key is not followed`() throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        #expect(throws: KeyFileError(path, .system(call: "open", errno: ELOOP))) { try KeyFile.read(path) }
    }
}

/// A directory that goes away with the test.
private final class KeysDirectory: Sendable {
    let keys = NSTemporaryDirectory() + "keys-\(UUID().uuidString)"
    init() { try? FileManager.default.createDirectory(atPath: keys, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: keys) }
}
