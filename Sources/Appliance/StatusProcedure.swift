// `gantry.status` in realm gantry.admin: what `gantry status` shows, and where devices find this server. It is the one
// procedure of the executable itself; all others are the modules'.

import Listener
import Logging
import ModuleKit
import Router
import WAMP

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct StatusProcedure: Sendable {
    let site: Site
    let modules: [ModuleID]
    let caFile: String
    let fingerprint: String?
    let connections: OpenConnections
    let router: RouterHost
    let started: ContinuousClock.Instant

    /// Offers the procedure. Without the module Credentials, opens the realm as well, for this process's own user and
    /// root on the unix socket.
    func serve(on realms: any RealmHost, _ authenticators: AuthenticatorRegistry, logger: Logger) async throws {
        let isAdmitted = authenticators.authenticator(for: adminRealm) != nil
        if !isAdmitted {
            await realms.open(RealmDefinition(uri: adminRealm, disclosure: .forced))
            authenticators.add(LocalAdministrator())
        }
        let principal = Principal(
            authid: "gantry", authrole: "service", authmethod: "internal", authprovider: "gantry",
            permissions: Permissions([PermissionRule("gantry.status", allow: [.register])]))
        let session = try await realms.join(adminRealm, as: principal)
        try await session.serve("gantry.status", logger: logger) { _ in .dictionary(answer()) }
        if !isAdmitted { await realms.admit(adminRealm) }
    }

    private func answer() -> [String: Value] {
        var answer: [String: Value] = [
            "version": .string(Version.current.text),
            "url": .string(site.url),
            "device_endpoint_url": .string(site.deviceEndpoint),
            "modules": .list(modules.map { .string($0.rawValue) }),
            "uptime_seconds": .integer((ContinuousClock.now - started).components.seconds),
            "connections": .integer(Int64(connections.count)),
            "connections_refused": .integer(Int64(connections.refusedCount)),
            "slow_consumers": Self.count(router.counters.slowConsumers.current),
            "lost_peers": Self.count(router.counters.lostPeers.current),
            "framing_violations": Self.count(router.counters.framingViolations.current),
            "ca_file": .string(caFile),
            "ca_fingerprint": fingerprint.map(Value.string) ?? .null,
        ]
        let realms = router.realmCounters
        for (name, counter) in RealmCounters.names { answer[name] = Self.count(realms[keyPath: counter]) }
        return answer
    }

    private static func count(_ value: UInt64) -> Value { .integer(Int64(clamping: value)) }
}

/// Who administers when the module Credentials is off: this process's own user and root, by the unix socket.
private struct LocalAdministrator: RealmAuthenticator {
    func answers(for realm: String) -> Bool { realm == adminRealm }

    func authenticate(_ request: AuthenticationRequest) async -> AuthenticationStep {
        guard let user = request.peer.unixUser, user == 0 || user == geteuid() else {
            return .deny(.authenticationDenied, message: "This realm is for the command line on this host.")
        }
        return .welcome(
            Principal(
                authid: "unix:\(user)", authrole: "admin", authmethod: "unix", authprovider: "gantry",
                permissions: Permissions([PermissionRule("gantry.", .prefix, allow: [.call, .subscribe])])))
    }
}
