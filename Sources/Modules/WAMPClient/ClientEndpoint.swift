package import NIOCore
import NIOPosix
package import NIOSSL

/// Where a router listens, and how it is spoken to there.
package enum ClientEndpoint: Sendable, Hashable {
    case unix(path: String)
    case rawSocket(host: String, port: Int, isSecure: Bool)
    case webSocket(host: String, port: Int, path: String, isSecure: Bool)

    /// Reads `ws://host:port/path`, `wss://…`, `rs://host:port`, `rss://…` and `unix:///path`; nil for anything else.
    package init?(_ url: String) {
        guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else { return nil }
        let scheme = url[..<colon].lowercased()
        let rest = url[colon...].dropFirst(3)
        if scheme == "unix" {
            self = .unix(path: String(rest))
            return
        }
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count)
        let isSecure = scheme == "wss" || scheme == "rss"
        guard let (host, port) = Self.split(authority, usualPort: isSecure ? 443 : 80) else { return nil }
        switch scheme {
        case "ws", "wss":
            self = .webSocket(host: host, port: port, path: path.isEmpty ? "/ws" : String(path), isSecure: isSecure)
        case "rs", "rss": self = .rawSocket(host: host, port: port, isSecure: isSecure)
        default: return nil
        }
    }

    private static func split(_ authority: Substring, usualPort: Int) -> (String, Int)? {
        var host = authority
        var port = usualPort
        // An IPv6 address is in brackets, so that its colons are not the port's.
        let end = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[end...].lastIndex(of: ":") {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65535).contains(number) else {
                return nil
            }
            port = number
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), port)
    }

    package var isWebSocket: Bool {
        if case .webSocket = self { true } else { false }
    }

    /// Connects; `configure` adds the handlers above TLS.
    package func connect(
        on loop: any EventLoop, tls: NIOSSLContext?, _ configure: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: loop).connectTimeout(.seconds(10))
        switch self {
        case .unix(let path):
            return bootstrap.channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try configure(channel) }
            }.connect(unixDomainSocketPath: path)
        case .rawSocket(let host, let port, let isSecure), .webSocket(let host, let port, _, let isSecure):
            let context: NIOSSLContext?
            do {
                context = isSecure ? try tls ?? NIOSSLContext(configuration: .makeClientConfiguration()) : nil
            } catch {
                return loop.makeFailedFuture(error)
            }
            let address = try? SocketAddress(ipAddress: host, port: port)
            let prepared =
                bootstrap
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let context {
                            // Certificates name hosts; an address is checked as such and not sent as a name.
                            let handler = try NIOSSLClientHandler(
                                context: context, serverHostname: address == nil ? host : nil)
                            try channel.pipeline.syncOperations.addHandler(handler)
                        }
                        try configure(channel)
                    }
                }
            return address.map { prepared.connect(to: $0) } ?? prepared.connect(host: host, port: port)
        }
    }
}
