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
    /// The procedures that decide for the sessions of a role, instead of its permissions, where the role names one.
    package var authorizers: [String: AuthorizerProcedure] = [:]
    /// How far what a role's sessions say is to be trusted, where the role says it.
    package var trustlevels: [String: Int64] = [:]
    /// The role of whoever comes without credentials; nil lets nobody in that way.
    package var anonymousRole: String?
    /// Anonymous sessions come from this machine only, unless this says otherwise.
    package var admitsAnonymousFromNetwork: Bool
    /// The other methods.
    package var access = RealmAccess()

    package init(
        definition: RealmDefinition, roles: [String: Permissions], anonymousRole: String?,
        admitsAnonymousFromNetwork: Bool = false
    ) {
        self.definition = definition
        self.roles = roles
        self.anonymousRole = anonymousRole
        self.admitsAnonymousFromNetwork = admitsAnonymousFromNetwork
    }
}
