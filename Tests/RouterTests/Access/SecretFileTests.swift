import Foundation
import Testing

@testable import Router

@Suite struct SecretFileTests {
    private let path = NSTemporaryDirectory() + "secret-\(UUID().uuidString)"

    private func write(_ bytes: [UInt8], mode: Int = 0o600) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func remove() { try? FileManager.default.removeItem(atPath: path) }

    @Test(arguments: ["s3cret", "s3cret\n", "s3cret\r\n", "s3cret\nsecond line\n"])
    func `the first line is the secret`(text: String) throws {
        defer { remove() }
        try write(Array(text.utf8), mode: 0o640)
        #expect(try SecretFile.read(path) == "s3cret")
    }

    @Test(arguments: [0o604, 0o602, 0o666, 0o601])
    func `a file that is open to everybody is refused`(mode: Int) throws {
        defer { remove() }
        try write(Array("s3cret".utf8), mode: mode)
        #expect(throws: SecretFileError(path: path, reason: .openToOthers(UInt32(mode)))) { try SecretFile.read(path) }
    }

    @Test(arguments: [[], [0x0A], [0xFF, 0xFE], Array(repeating: 0x61, count: 5000)] as [[UInt8]])
    func `what is no secret is refused`(bytes: [UInt8]) throws {
        defer { remove() }
        try write(bytes)
        #expect(throws: SecretFileError(path: path, reason: .noSecret)) { try SecretFile.read(path) }
    }

    @Test func `so is a file that is not there`() {
        #expect(throws: SecretFileError(path: path, reason: .system(ENOENT))) { try SecretFile.read(path) }
    }
}
