import ModuleKit

/// A realm that this module admits to.
enum AdmittedRealm: Sendable, Hashable {
    /// `gantry.admin`
    case administration
    case app(AppRealm)

    /// Nil when the realm is none of ours.
    init?(uri: String) {
        if uri == adminRealm {
            self = .administration
        } else if let realm = AppRealm(uri: uri) {
            self = .app(realm)
        } else {
            return nil
        }
    }
}

/// How a peer proves who it is. The raw value is the word in `HELLO.Details.authmethods`.
enum AuthMethod: String, Sendable, Hashable, CaseIterable {
    case wampcra
    case ticket
    case anonymous
    /// The kernel's word for who is at the other end of a unix socket (SO_PEERCRED). Not of the specification.
    case unix

    /// The methods of a realm.
    ///
    /// - Parameters:
    ///   - isLocalAdministrator: the peer came by the unix socket and is root or in group gantry.
    ///   - allowsAnonymous: anonymous sessions are switched on.
    static func offered(
        in realm: AdmittedRealm, isLocalAdministrator: Bool, allowsAnonymous: Bool
    ) -> Set<AuthMethod> {
        switch realm {
        // People have no secret that could be read again, so they cannot answer a challenge: ticket only.
        case .administration: isLocalAdministrator ? [.ticket, .unix] : [.ticket]
        case .app: allowsAnonymous ? [.wampcra, .ticket, .anonymous] : [.wampcra, .ticket]
        }
    }

    /// The first method of a HELLO that the realm has; nil when there is none.
    ///
    /// A HELLO without methods asks for `anonymous`, or is a local tool that relies on its socket.
    static func choose(_ wanted: [String], among offered: Set<AuthMethod>) -> AuthMethod? {
        let wanted = wanted.isEmpty ? [AuthMethod.unix.rawValue, AuthMethod.anonymous.rawValue] : wanted
        return wanted.lazy.compactMap(AuthMethod.init(rawValue:)).first(where: offered.contains)
    }
}
