// Projects, apps, devices and installs; the realms that installs open; who is connected.
//
// It owns `<data>/provisioner/provisioner.db`. All of its verbs are procedures of the realm `gantry.admin`. Secrets
// are not its business: it asks credentials to issue them, and tells credentials, at every handshake, what it knows of
// a device. Tables are not, either: it asks FleetDB to prepare a realm before it lets anybody in.

import Foundation
import Logging
package import ModuleKit
package import ServiceLifecycle
import Store
import Synchronization
import WAMP

package final class ProvisionerModule: Module {
    package static let id: ModuleID = "provisioner"
    package static let requires: Set<ModuleID> = ["credentials"]

    private let context: ModuleContext
    private let running = Mutex<(store: CatalogStore, recorder: PresenceRecorder)?>(nil)

    /// There is nothing to configure: what there is, is in the database.
    package static func configuration(from settings: Settings) throws(ConfigurationError) {}

    package init(configuration: Void, context: ModuleContext) throws {
        self.context = context
    }

    package func prepare() async throws {
        let logger = context.logger
        let store = try CatalogStore(path: context.directory + "/provisioner.db", logger: logger)
        // Opening it again is nothing; it is there when credentials has run.
        await context.realms.open(RealmDefinition(uri: adminRealm, disclosure: .forced))
        let administration = try await context.realms.join(adminRealm, as: Self.principal)

        let presence = DevicePresence(milliseconds: Self.milliseconds)
        let announcer = Announcer(store: store, administration: administration, presence: presence, logger: logger)
        running.withLock { $0 = (store, PresenceRecorder(presence: presence, store: store, announcer: announcer)) }

        let keeper = RealmKeeper(
            realms: context.realms, presence: presence, administration: administration, logger: logger)
        let verbs = CatalogVerbs(
            store: store, administration: administration, realms: context.realms, keeper: keeper, presence: presence,
            announcer: announcer, seconds: { Self.milliseconds() / 1000 }, randomBytes: Self.randomBytes,
            logger: logger)
        for (procedure, answer) in verbs.all {
            try await administration.serve(procedure, logger: logger, answer)
        }
        try await openRealms(store, keeper)
        await context.realms.admit(adminRealm)
    }

    package var services: [any Service] {
        guard let (store, recorder) = running.withLock({ $0 }) else { return [] }
        return [ClosesAtShutdown { try store.file.close() }, recorder]
    }

    /// Opens the realms that were open. One that cannot be opened stays shut and is said to be; the others work.
    private func openRealms(_ store: CatalogStore, _ keeper: RealmKeeper) async throws {
        let apps = try await store.apps(of: nil)
        for realm in try await store.realms() {
            guard let app = apps.first(where: { $0.swarmKey == realm.swarmKey && $0.appKey == realm.appKey }) else {
                continue
            }
            do {
                try await keeper.open(realm, template: CatalogVerbs.read(app.template).value)
            } catch {
                let reason = (error as? WAMPError).map { "\($0.uri): \($0.sentence ?? "")" } ?? "\(error)"
                context.logger.error(
                    "realm cannot be opened", metadata: .facts([.realm: realm.uri, .reason: reason]))
            }
        }
    }

    /// This module in the admin realm: it may do what it has to, and no more.
    private static let principal = Principal(
        authid: "provisioner", authrole: "service", authmethod: "internal", authprovider: "gantry",
        permissions: Permissions([
            PermissionRule("gantry.", .prefix, allow: [.register, .publish]),
            PermissionRule("gantry.status", allow: [.call]),
            PermissionRule("provisioner.", .prefix, allow: [.register]),
            PermissionRule("credentials.", .prefix, allow: [.call]),
            PermissionRule("fleetdb.", .prefix, allow: [.call]),
        ]))

    private static let milliseconds: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }

    private static let randomBytes: @Sendable (Int) -> [UInt8] = { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
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
