import Foundation
import Testing

@testable import Credentials

@Suite struct KeyFileTests {
    let directory: Directory
    var path: String { directory.keys + "/credentials.key" }
    init() throws { directory = try Directory() }

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

@Suite struct SealingKeyTests {
    let key = SealingKey(Array(repeating: 7, count: 32))

    @Test func `what was sealed opens under the same key for the same purpose`() throws {
        let sealed = try key.seal("s3cret", purpose: "device|SER-1")
        #expect(key.open(sealed, purpose: "device|SER-1") == "s3cret")
        #expect(key.open(sealed, purpose: "device|SER-2") == nil)
        #expect(key.open(sealed, purpose: "app|SER-1") == nil)
        #expect(SealingKey(Array(repeating: 8, count: 32)).open(sealed, purpose: "device|SER-1") == nil)
    }

    @Test func `no byte of a sealed secret can be changed or left out`() throws {
        let sealed = try key.seal("s3cret", purpose: "p")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(key.open(changed, purpose: "p") == nil)
            #expect(key.open(sealed.prefix(index), purpose: "p") == nil)
        }
    }

    @Test func `the same secret never looks the same`() throws {
        #expect(try key.seal("s", purpose: "p") != key.seal("s", purpose: "p"))
    }
}

@Suite struct Base64URLTests {
    @Test(
        arguments: [
            ([], ""), ([0], "AA"), ([0xFB, 0xFF], "-_8"), ([1, 2, 3], "AQID"),
        ] as [([UInt8], String)])
    func `bytes and text are one another`(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(arguments: ["A", "AA=", "AA==", "AB", "+_8", "A A", "ü", "AQID\n"])
    func `each value has one spelling`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
