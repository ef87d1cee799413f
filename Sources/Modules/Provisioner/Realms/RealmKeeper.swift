// Opens the realms of apps: first for this process alone, so that whoever keeps the app's tables can register its
// procedures, then for everybody. A device that is let in finds everything there.

import Logging
import ModuleKit
import Synchronization
import WAMP

actor RealmKeeper {
    private let realms: any RealmHost
    private let presence: DevicePresence
    /// The session in the admin realm.
    private let administration: any ClientSession
    private let logger: Logger

    /// Realms that are open, or being opened: who asks at the same time waits for the same opening.
    private var openings: [AppRealm: Task<Void, any Error>] = [:]
    /// Our own sessions in them, which hear who comes and goes.
    private var sessions: [AppRealm: any ClientSession] = [:]

    init(realms: any RealmHost, presence: DevicePresence, administration: any ClientSession, logger: Logger) {
        self.realms = realms
        self.presence = presence
        self.administration = administration
        self.logger = logger
    }

    /// Opens a realm and lets the network in; does nothing when it is open.
    func open(_ realm: AppRealm, template: Value) async throws {
        if let opening = openings[realm] { return try await opening.value }
        let opening = Task { try await self.openNow(realm, template) }
        openings[realm] = opening
        do {
            try await opening.value
        } catch {
            openings[realm] = nil
            sessions[realm] = nil
            await realms.close(realm.uri)
            throw error
        }
    }

    /// Tells those who keep the app's tables that its template is another one. A realm that could not be opened with
    /// the template before is opened with this one.
    //
    // Not inlined: the optimizer of Swift 6.3.1 crashes when it splits the async function that this was inlined into.
    @inline(never)
    func update(_ realm: AppRealm, template: Value) async throws {
        if openings[realm] != nil {
            try await prepare(realm, template)
        } else {
            try await open(realm, template: template)
        }
    }

    private func prepare(_ realm: AppRealm, _ template: Value) async throws(WAMPError) {
        do {
            _ = try await administration.call("fleetdb.realm.prepare", Payload([.string(realm.uri), template]))
        } catch  where error.uri == .noSuchProcedure {
            // FleetDB is off, or starts after us and then asks for `gantry.realm.list`.
            logger.debug("nobody keeps tables yet", metadata: .facts([.realm: realm.uri]))
        }
    }

    private func openNow(_ realm: AppRealm, _ template: Value) async throws {
        // Rows carry who wrote them, so everybody is disclosed, always.
        await realms.open(RealmDefinition(uri: realm.uri, disclosure: .forced))
        let session = try await realms.join(realm.uri, as: Self.principal)
        sessions[realm] = session
        try await presence.watch(session)
        try await prepare(realm, template)
        await realms.admit(realm.uri)
        logger.info("realm is open", metadata: .facts([.realm: realm.uri]))
    }

    private static let principal = Principal(
        authid: "provisioner", authrole: "service", authmethod: "internal", authprovider: "gantry",
        permissions: Permissions([PermissionRule("wamp.session.", .prefix, allow: [.subscribe])]))
}
