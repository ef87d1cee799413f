// FleetDB in the admin realm: `fleetdb.realm.prepare` and `fleetdb.realm.release` for the provisioner,
// `fleetdb.rows.since` for the alarms.

import Logging
import ModuleKit
import WAMP

/// The app realms that FleetDB keeps tables for. One change at a time, in the order of the calls.
actor RealmService {
    private let fleet: Fleet
    private let host: any RealmHost
    private let logger: Logger
    private var realms: [AppRealm: FleetRealm] = [:]
    /// The change under way; the next one waits for it.
    private var change: Task<Void, Never>?

    init(fleet: Fleet, host: any RealmHost, logger: Logger) {
        self.fleet = fleet
        self.host = host
        self.logger = logger
    }

    /// Joins the admin realm, registers, and takes up the realms that are open already.
    func start() async throws {
        let session = try await host.join(adminRealm, as: Self.principal)
        try await register(session, "fleetdb.realm.prepare") { service, arguments throws(Refusal) in
            let (realm, template) = try Self.realmAndTemplate(arguments)
            try await service.prepare(realm, template)
        }
        try await register(session, "fleetdb.realm.release") { service, arguments throws(Refusal) in
            await service.release(try Self.realm(arguments.first))
        }
        _ = try await session.register("fleetdb.rows.since", options: RegisterOptions()) { [weak self] invocation in
            Task { await self?.rowsSince(invocation) }
        }
        try await takeUp(session)
    }

    /// Leaves every realm.
    func stop() async {
        for realm in realms.keys { await release(realm) }
    }

    private func register(
        _ session: any ClientSession, _ procedure: String,
        _ body: @escaping @Sendable (RealmService, [Value]) async throws(Refusal) -> Void
    ) async throws(WAMPError) {
        _ = try await session.register(procedure, options: RegisterOptions()) { invocation in
            Task {
                let serializer = invocation.payload.serializer
                do throws(Refusal) {
                    try await body(self, (try? invocation.payload.decodedArguments()) ?? [])
                    invocation.yield(.none)
                } catch {
                    invocation.fail(error.error(serializer))
                }
            }
        }
    }

    /// The realms that were opened before FleetDB was there.
    private func takeUp(_ session: any ClientSession) async throws {
        let answer: Payload
        do throws(WAMPError) {
            answer = try await session.call("gantry.realm.list")
        } catch {
            guard error.uri != .noSuchProcedure else { return }
            throw error
        }
        for entry in (try? answer.decodedArguments().first?.list) ?? [] {
            do throws(Refusal) {
                let (realm, template) = try Self.realmAndTemplate([entry["realm"] ?? .null, entry["template"] ?? .null])
                try await prepare(realm, template)
            } catch {
                logger.error(
                    "realm has no tables",
                    metadata: .facts([.realm: entry["realm"]?.string ?? "", .reason: error.reason]))
            }
        }
    }

    // MARK: Realms

    /// Opens the tables of a realm; a realm that has the same ones is left alone.
    func prepare(_ realm: AppRealm, _ template: DataTemplate) async throws(Refusal) {
        let before = change
        let task = Task { () -> Refusal? in
            await before?.value
            return await self.prepareNow(realm, template)
        }
        change = Task { _ = await task.value }
        if let refusal = await task.value { throw refusal }
    }

    private func prepareNow(_ realm: AppRealm, _ template: DataTemplate) async -> Refusal? {
        if let open = realms[realm] {
            guard open.template != template else { return nil }
            realms[realm] = nil
            await open.close(fleet)
        }
        do {
            realms[realm] = try await FleetRealm.open(realm, template, fleet: fleet, realms: host)
            logger.info(
                "realm has its tables",
                metadata: .facts([.realm: realm.uri, .count: "\(template.tables.count)"]))
            return nil
        } catch {
            logger.error("realm has no tables", metadata: .facts([.realm: realm.uri, .error: "\(error)"]))
            return switch error {
            case let error as TemplateError: Refusal(.invalidArgument, error.description)
            case let error as WAMPError: Refusal(error.uri, "\(realm.uri) cannot be joined: \(error.uri)")
            default: Refusal(.runtimeError, "the tables of \(realm.uri) cannot be opened")
            }
        }
    }

    func release(_ realm: AppRealm) async {
        let before = change
        let task = Task {
            await before?.value
            if let open = self.realms.removeValue(forKey: realm) { await open.close(self.fleet) }
        }
        change = task
        await task.value
    }

    // MARK: Rows

    private func rowsSince(_ invocation: Invocation) async {
        let serializer = invocation.payload.serializer
        do throws(Refusal) {
            let arguments = (try? invocation.payload.decodedArguments()) ?? []
            guard arguments.count >= 4, let name = arguments[1].string, let sequence = arguments[2].integer,
                let limit = arguments[3].integer, limit >= 0
            else { throw Refusal(.invalidArgument, "expected [realm, table, sequence, limit]") }
            let realm = try Self.realm(arguments.first)
            guard let table = realms[realm]?.table(name) else {
                throw Refusal(.invalidArgument, "\(realm.uri) has no table \(name.prefix(100))")
            }
            await fleet.reader.rowsSince(
                invocation, table, sequence, limit: Int(min(limit, Int64(CommitScan.limitMax))))
        } catch {
            invocation.fail(error.error(serializer))
        }
    }

    private static func realm(_ value: Value?) throws(Refusal) -> AppRealm {
        guard let realm = value?.string.flatMap(AppRealm.init(uri:)) else {
            throw Refusal(.invalidArgument, "realm: expected realm-<SWARM_KEY>-<APP_KEY>-<dev|prod>")
        }
        return realm
    }

    private static func realmAndTemplate(_ arguments: [Value]) throws(Refusal) -> (AppRealm, DataTemplate) {
        let realm = try realm(arguments.first)
        do throws(TemplateError) {
            return (realm, try DataTemplate(arguments.count > 1 ? arguments[1] : .null))
        } catch {
            throw Refusal(.invalidArgument, error.description)
        }
    }

    private static let principal = Principal(
        authid: "fleetdb", authrole: "service", authmethod: "internal", authprovider: "gantry",
        permissions: Permissions([
            PermissionRule("fleetdb.", .prefix, allow: [.register]),
            PermissionRule("gantry.realm.list", allow: [.call]),
        ]))
}
