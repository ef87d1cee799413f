package import ModuleKit
package import WAMP

/// What the router is told: its limits, and the realms that gantry.yml names.
package struct RouterConfiguration: Sendable {
    package var limits = RouterLimits()
    package var deadlines = ConnectionDeadlines()
    /// The plain realms by URI; the provisioner opens the others.
    package var realms: [String: PlainRealm] = [:]

    package init() {}
}

/// A realm of gantry.yml: roles, their permissions, and who gets which role.
package struct PlainRealm: Sendable {
    package var definition: RealmDefinition
    package var roles: [String: Permissions]
    /// The role of whoever comes without credentials; nil lets nobody in that way.
    package var anonymousRole: String?
    /// Anonymous sessions come from this machine only, unless this says otherwise.
    package var admitsAnonymousFromNetwork: Bool

    package init(
        definition: RealmDefinition, roles: [String: Permissions], anonymousRole: String?,
        admitsAnonymousFromNetwork: Bool = false
    ) {
        self.definition = definition
        self.roles = roles
        self.anonymousRole = anonymousRole
        self.admitsAnonymousFromNetwork = admitsAnonymousFromNetwork
    }

    /// Who a HELLO without credentials makes; nil leaves the decision to an authenticator.
    func principal(
        of hello: Hello, _ session: SessionID, _ peer: PeerIdentity
    ) throws(HandshakeError) -> Principal? {
        guard let role = anonymousRole, let permissions = roles[role] else { return nil }
        guard hello.authmethods.contains("anonymous") else { return nil }
        guard peer.isLoopback || admitsAnonymousFromNetwork else {
            throw HandshakeError(.authenticationDenied, "anonymous sessions are for this machine only")
        }
        return Principal(
            authid: String(session.rawValue, radix: 36), authrole: role, authmethod: "anonymous",
            authprovider: "static", permissions: permissions)
    }
}
