import Authentication
import Foundation
import ModuleKit
import Testing
import WAMP

@testable import Credentials
@testable import Provisioner

/// What `gantry init` makes, and what a later start finds.
@Suite struct FirstStartTests {
    let directory: Directory
    let cost = PasswordHash.Cost(logRounds: 2, blockSize: 1, parallelism: 1)

    init() throws { directory = try Directory() }

    private func createAdministrator(_ password: String?) async throws -> CredentialsModule.FirstAdministrator? {
        try await CredentialsModule.createFirstAdministrator(
            directory.path + "/credentials", directory.path + "/keys", password, .system, cost)
    }

    @Test func `the first administrator's password is made up, shown once and must be changed`() async throws {
        let first = try #require(try await createAdministrator(nil))
        #expect(first.name == "admin")
        let password = try #require(first.generatedPassword)
        #expect(PasswordRules.objection(to: password, of: "admin") == nil)
        #expect(try await createAdministrator(nil) == nil)
        let plant = try await Plant(directory)
        let user = try #require(try await plant.ask("user.list").list?.first)
        #expect(user["name"] == "admin" && user["role"] == "admin" && user["must_change_password"] == true)
    }

    @Test func `a password that a script chose need not be changed, but has to be a good one`() async throws {
        await #expect(throws: WAMPError.self) { _ = try await createAdministrator("admin") }
        let first = try #require(try await createAdministrator("four words make one"))
        #expect(first.generatedPassword == nil)
        let plant = try await Plant(directory)
        #expect(try await plant.ask("user.list").list?.first?["must_change_password"] == false)
    }

    @Test func `two installations have nothing in common`() async throws {
        let other = try Directory()
        let one = try await createAdministrator(nil)
        let two = try await CredentialsModule.createFirstAdministrator(
            other.path + "/credentials", other.path + "/keys", nil, .system, cost)
        #expect(one?.generatedPassword != two?.generatedPassword)
        for name in ["credentials.key", "token.key"] {
            let keys = [directory, other].map { FileManager.default.contents(atPath: "\($0.path)/keys/\(name)") }
            #expect(keys[0]?.count == 32 && keys[0] != keys[1])
            let mode = try FileManager.default.attributesOfItem(atPath: "\(directory.path)/keys/\(name)")
            #expect(mode[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `a lost sealing key stops the start instead of making the secrets worthless`() async throws {
        let plant = try await Plant(directory)
        _ = try await plant.furnish()
        await plant.stop()
        let path = directory.path + "/keys/credentials.key"
        try FileManager.default.removeItem(atPath: path)
        await #expect(throws: KeyFileError(path, .missing)) { _ = try await Plant(directory) }
        try KeyFile.create(path, Array(repeating: 1, count: 32))
        await #expect(throws: KeyFileError(path, .otherKey)) { _ = try await Plant(directory) }
    }

    @Test func `initialize makes the account, says so once, and reads the password from its file`() async throws {
        let context = InitializationContext(
            directory: directory.path + "/credentials", keysDirectory: directory.path + "/keys")
        let file = directory.path + "/password"
        try "four words make one\nand another line\n".write(toFile: file, atomically: true, encoding: .utf8)
        let lines = try await CredentialsModule.initialize(
            CredentialsConfiguration(administratorPasswordFile: file), context)
        #expect(lines == ["administrator: admin"])
        #expect(try await CredentialsModule.initialize(CredentialsConfiguration(), context) == [])
    }
}
