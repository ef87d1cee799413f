import WAMP

/// Who a peer turned out to be, before the realm's role has been looked up.
struct GrantedIdentity: Sendable, Hashable {
    var authid: String
    var role: String
    /// Nil leaves it to the role.
    var trustlevel: Int64?
    /// `static` or `dynamic`, as `WELCOME.Details.authprovider` says it.
    var provider: Provider
    /// For `WELCOME.Details.authextra`.
    var extra: [String: Value] = [:]
    /// What the peer has to answer before it is that; nil when nothing more is asked of it.
    var further: FurtherChallenge?

    enum Provider: String, Sendable, Hashable {
        case `static`
        case dynamic
    }
}
