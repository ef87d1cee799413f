import ModuleKit

/// Who may do what on which side of TLS. Pure.
struct AccessPolicy: Sendable {
    var plain: ListenerConfiguration.PlainAccess
    var origins: [String]

    /// What an HTTP client gets.
    enum HTTPAccess: Sendable, Hashable {
        case full
        /// The authority's certificate and how to import it; everything else is a redirect to https.
        case authorityOnly
    }

    /// WAMP and sign-in are for encrypted connections, for the unix socket, and for whom `listener.plain` says.
    func isTrusted(_ peer: PeerIdentity) -> Bool {
        if peer.isEncrypted || peer.unixUser != nil { return true }
        switch plain {
        case .lan: return true
        case .loopback: return peer.isLoopback
        case .never: return false
        }
    }

    func http(_ peer: PeerIdentity) -> HTTPAccess { isTrusted(peer) ? .full : .authorityOnly }

    /// Whether a page of this origin may open a WebSocket: one of ours, one of this machine, or one that is listed.
    ///
    /// - Parameters:
    ///   - origin: the `Origin` header (`https://box:8443`, `null`).
    ///   - host: the `Host` header (`box:8443`).
    func allowsOrigin(_ origin: String, host: String) -> Bool {
        if origins.contains("*") || origins.contains(where: { $0.lowercased() == origin.lowercased() }) { return true }
        guard let authority = Self.authority(of: origin) else { return false }
        let name = Self.name(of: authority)
        return name == Self.name(of: host) || ["localhost", "127.0.0.1", "[::1]"].contains(name)
    }

    /// `box:8443` of `https://box:8443`; nil for what is no web origin (`null`, `file://`).
    private static func authority(of origin: String) -> Substring? {
        for scheme in ["https://", "http://"] where origin.lowercased().hasPrefix(scheme) {
            let rest = origin.dropFirst(scheme.count)
            return rest.isEmpty || rest.contains("/") ? nil : rest
        }
        return nil
    }

    /// An authority without its port, in lower case.
    private static func name(of authority: some StringProtocol) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text[...end]) }
        return String(text.prefix { $0 != ":" })
    }
}
