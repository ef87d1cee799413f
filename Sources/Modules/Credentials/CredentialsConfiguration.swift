package import ModuleKit

/// The module's part of gantry.yml.
package struct CredentialsConfiguration: Sendable, Hashable {
    /// Whether (serial, serial) is a credential, as it was before per-app credentials. Serial numbers are printed on
    /// labels: switch it on for devices that cannot be given a secret, and for no others.
    package var allowsLegacyDevices: Bool
    /// The role of sessions in app realms that do not say who they are; nil refuses them.
    package var anonymousRole: Role?
    package var tokenLifetime: Duration
    /// Whose members administer over the unix socket.
    package var group: String
    /// A file with the first administrator's password, for scripts; nil makes one up.
    package var administratorPasswordFile: String?

    package init(
        allowsLegacyDevices: Bool = false, anonymousRole: Role? = nil, tokenLifetime: Duration = .seconds(12 * 3600),
        group: String = "gantry", administratorPasswordFile: String? = nil
    ) {
        self.allowsLegacyDevices = allowsLegacyDevices
        self.anonymousRole = anonymousRole
        self.tokenLifetime = tokenLifetime
        self.group = group
        self.administratorPasswordFile = administratorPasswordFile
    }

    package init(_ settings: Settings) {
        self.init()
        allowsLegacyDevices = settings.bool("legacy_device_credentials", default: allowsLegacyDevices)
        anonymousRole = settings.enumeration("anonymous_role", default: AnonymousRole.none).role
        tokenLifetime = settings.duration(
            "token_lifetime", default: tokenLifetime, in: .seconds(60)...(.seconds(30 * 86_400)))
        group = settings.string("group", default: group)
        administratorPasswordFile = settings.string("admin_password_file")
    }
}

/// The words of `anonymous_role`: nobody who does not say who they are may hand out accounts or write.
private enum AnonymousRole: String, CaseIterable {
    case none, viewer, `operator`

    var role: Role? { Role(rawValue: rawValue) }
}
