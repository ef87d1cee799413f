// Who may come in: accounts of people, secrets of devices, the handshake of every realm, sign-in over HTTP.
//
// It owns `<data>/credentials/credentials.db` and two keys, `credentials.key` (seals secrets at rest) and `token.key`
// (signs session tokens). It answers for `gantry.admin`, which it opens, and for the realms of apps; who has a device
// and what is installed on it, it asks the provisioner, in that realm, at every handshake.

import Authentication
import Foundation
import Logging
package import ModuleKit
package import ServiceLifecycle
import Store
import Synchronization
import WAMP

package final class CredentialsModule: Module {
    package static let id: ModuleID = "credentials"

    private let configuration: CredentialsConfiguration
    private let context: ModuleContext
    private let time: TimeAndChance
    private let passwordCost: PasswordHash.Cost
    private let running = Mutex<(store: CredentialStore, expiry: TokenExpiry)?>(nil)

    package static func configuration(
        from settings: Settings
    ) throws(ConfigurationError) -> CredentialsConfiguration {
        CredentialsConfiguration(settings)
    }

    package convenience init(configuration: CredentialsConfiguration, context: ModuleContext) throws {
        self.init(configuration, context, .system, .standard)
    }

    init(
        _ configuration: CredentialsConfiguration, _ context: ModuleContext, _ time: TimeAndChance,
        _ passwordCost: PasswordHash.Cost
    ) {
        self.configuration = configuration
        self.context = context
        self.time = time
        self.passwordCost = passwordCost
    }

    package func prepare() async throws {
        let (store, signer) = try Self.open(context.directory, context.keysDirectory, time, context.logger)
        let realms = context.realms
        await realms.open(RealmDefinition(uri: adminRealm, disclosure: .forced))
        let session = try await realms.join(adminRealm, as: Self.principal)

        let judge = context.attempts
        let tokens = SessionTokens(
            signer: signer, store: store, time: time,
            lifetimeSeconds: configuration.tokenLifetime.components.seconds)
        let hasher = PasswordHasher(cost: passwordCost)
        let disconnect: @Sendable (String) async -> Void = { name in
            await realms.disconnect(.person(name), realm: nil, reason: .killed)
        }
        let expiry = TokenExpiry(time: time, disconnect: disconnect)
        running.withLock { $0 = (store, expiry) }
        try await serve(session, store, judge, hasher, disconnect)
        let group = configuration.group
        context.authenticators.add(
            CredentialAuthenticator(
                policy: .init(
                    allowsLegacyDevices: configuration.allowsLegacyDevices,
                    anonymousRole: configuration.anonymousRole),
                store: store, tokens: tokens, expiry: expiry, judge: judge, time: time,
                devices: Self.directory(session, context.logger),
                isLocalAdministrator: { UnixPeers.isAdministrator($0, group: group) }, logger: context.logger))
        SignInRoutes(
            SignIn(
                store: store, tokens: tokens, judge: judge, hasher: hasher, time: time, disconnect: disconnect)
        ).add(to: context.http)
        await realms.admit(adminRealm)
    }

    package var services: [any Service] {
        guard let (store, expiry) = running.withLock({ $0 }) else { return [] }
        return [ClosesAtShutdown { try store.file.close() }, expiry]
    }

    /// This module in its own realm: it may do what it has to, and no more.
    private static let principal = Principal(
        authid: "credentials", authrole: "service", authmethod: "internal", authprovider: "gantry",
        permissions: Permissions([
            PermissionRule("credentials.", .prefix, allow: [.register]),
            PermissionRule("gantry.user.", .prefix, allow: [.register]),
            PermissionRule("provisioner.", .prefix, allow: [.call]),
        ]))

    private func serve(
        _ session: any ClientSession, _ store: CredentialStore, _ judge: any AttemptJudging, _ hasher: PasswordHasher,
        _ disconnect: @escaping @Sendable (String) async -> Void
    ) async throws {
        let people = PersonProcedures(
            store: store, hasher: hasher, judge: judge, time: time,
            project: { name in
                let project = try await session.ask("provisioner.project.get", ["project": .string(name)])
                guard let key = project["swarm_key"]?.integer else {
                    throw WAMPError.notFound("project", "There is no project \(name).")
                }
                return key
            },
            disconnect: disconnect, logger: context.logger)
        let devices = DeviceProcedures(store: store, judge: judge, time: time)
        for (procedure, answer) in people.all + devices.all {
            try await session.serve(procedure, logger: context.logger, answer)
        }
    }

    /// Asks the provisioner. Whatever goes wrong, the answer is that there is no such device.
    private static func directory(_ session: any ClientSession, _ logger: Logger) -> DeviceDirectory {
        { serial in
            do throws(WAMPError) {
                return DeviceFacts(try await session.ask("provisioner.device.get", ["serial": .string(serial)]))
            } catch  where error.uri == .notFound {
                return nil
            } catch {
                logger.error(
                    "devices cannot be looked up, none is admitted", metadata: .facts([.error: error.uri.rawValue]))
                return nil
            }
        }
    }
}

// MARK: Before the first start

extension CredentialsModule {
    package static func initialize(
        _ configuration: CredentialsConfiguration, _ context: InitializationContext
    ) async throws -> [String] {
        let password = try configuration.administratorPasswordFile.map { path in
            let text = try String(contentsOfFile: path, encoding: .utf8)
            return String(text.split(whereSeparator: \.isNewline).first ?? "")
        }
        let administrator = try await createFirstAdministrator(
            directory: context.directory, keysDirectory: context.keysDirectory, password: password)
        guard let administrator else { return [] }
        guard let shown = administrator.generatedPassword else { return ["administrator: \(administrator.name)"] }
        return [
            "administrator: \(administrator.name) "
                + "(the secret below is shown this once, and is to be changed at the first sign-in)",
            "password: \(shown)",
        ]
    }

    /// The account that `gantry init` makes.
    package struct FirstAdministrator: Sendable, Hashable {
        package var name: String
        /// Nil when the password was given.
        package var generatedPassword: String?
    }

    /// Makes the keys, and the account `admin` when there is no account at all. Changes nothing that is there.
    ///
    /// - Parameter password: nil makes one up, which then must be changed at the first sign-in.
    /// - Returns: nil when there was an account already.
    package static func createFirstAdministrator(
        directory: String, keysDirectory: String, password: String?
    ) async throws -> FirstAdministrator? {
        try await createFirstAdministrator(directory, keysDirectory, password, .system, .standard)
    }

    static func createFirstAdministrator(
        _ directory: String, _ keysDirectory: String, _ password: String?, _ time: TimeAndChance,
        _ cost: PasswordHash.Cost
    ) async throws -> FirstAdministrator? {
        let name = "admin"
        if let password, let objection = PasswordRules.objection(to: password, of: name) {
            throw WAMPError.invalidArgument("password", objection)
        }
        let (store, _) = try open(
            directory, keysDirectory, time, Logger(label: id.rawValue))
        let chosen = password ?? time.password()
        let person = Person(
            name: name, role: .admin, swarmKey: nil, isLocked: false, mustChangePassword: password == nil,
            generation: time.generation())
        let hash = try PasswordHash(password: chosen, salt: time.randomBytes(16), cost: cost)
        let isAdded = try await store.addFirst(person, password: hash, at: time.wallSeconds())
        try store.file.close()
        return isAdded ? FirstAdministrator(name: name, generatedPassword: password == nil ? chosen : nil) : nil
    }

    /// Opens the keys, and makes them where nothing depends on them yet; then the database.
    private static func open(
        _ directory: String, _ keysDirectory: String, _ time: TimeAndChance, _ logger: Logger
    ) throws -> (CredentialStore, TokenSigner) {
        let database = directory + "/credentials.db"
        let sealingPath = keysDirectory + "/credentials.key"
        let sealing = try key(sealingPath, mayCreate: !FileManager.default.fileExists(atPath: database), time)
        // A new signing key only signs everybody out.
        let signing = try key(keysDirectory + "/token.key", mayCreate: true, time)
        let store = try CredentialStore(
            path: database, sealingKey: SealingKey(sealing), keyPath: sealingPath, logger: logger)
        return (store, TokenSigner(signing))
    }

    private static func key(_ path: String, mayCreate: Bool, _ time: TimeAndChance) throws -> [UInt8] {
        if let key = try KeyFile.read(path) { return key }
        guard mayCreate else { throw KeyFileError(path, .missing) }
        let key = time.randomBytes(KeyFile.byteCount)
        try KeyFile.create(path, key)
        return key
    }
}

/// Closes the database when the process is asked to end, so that the next start finds it clean.
private struct ClosesAtShutdown: Service {
    let close: @Sendable () throws -> Void

    init(_ close: @escaping @Sendable () throws -> Void) { self.close = close }

    func run() async throws {
        try? await gracefulShutdown()
        try close()
    }
}
