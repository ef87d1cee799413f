package import ModuleKit
import NIOCore

// What gantry.yml says about the one port. Defaults stand here and, with their reasons, in etc/gantry.yml.

/// Addresses, access and limits of the listener.
package struct ListenerConfiguration: Sendable {
    /// Who may speak WAMP, and HTTP beyond the authority's pages, without TLS.
    package enum PlainAccess: String, Sendable, CaseIterable { case loopback, lan, never }

    /// An address of this host; nil for no TCP port at all.
    package var address: String? = "0.0.0.0"
    /// 0 lets the system choose, for tests.
    package var port = 8443
    /// `listener.plain`.
    package var plain = PlainAccess.loopback
    /// The path of the unix socket; nil for none.
    package var unixSocket: String?
    /// Web origins other than our own that may open WebSockets (`https://dashboard.example:3000`), or `*`.
    package var origins: [String] = []
    /// Agrees to compress WebSocket messages.
    package var compresses = false
    /// Load balancers that say for whom they speak.
    package var proxies: [AddressRange] = []
    /// `listener.tls`.
    package var clientCertificates: ClientCertificates?
    /// Where WAMP over HTTP requests is; nil where it is not.
    package var httpTransports = HTTPTransportPaths()
    /// How many event loops serve connections; nil is one for each core.
    package var eventLoops: Int?
    /// `listener.tls`.
    package var certificate = CertificateSource.issued(names: [])
    package var limits = Limits()

    /// Where the server's certificate comes from.
    package enum CertificateSource: Sendable, Hashable {
        /// From Gantry's own authority, for this host's names and addresses and these.
        case issued(names: [String])
        /// PEM files: the chain after the certificate, and its key.
        case files(certificate: String, privateKey: String)
    }

    /// Who may show a certificate of their own.
    package struct ClientCertificates: Sendable, Hashable {
        /// A PEM file with the authorities that are trusted.
        package var authorities: String
        /// Nobody comes in without one.
        package var isRequired = false
    }

    /// The bases of the paths of the HTTP transports.
    package struct HTTPTransportPaths: Sendable, Hashable {
        /// `listener.long_poll`
        package var longPoll: String? = "/lp"
        /// `listener.server_sent_events`
        package var events: String? = "/sse"
    }

    /// One set for every transport.
    package struct Limits: Sendable, Hashable {
        /// All together; the unix socket is counted and never refused.
        package var connectionsMax = 4096
        /// Of one IPv4 address, or one IPv6 network of 64 bits; loopback and the unix socket are exempt.
        package var connectionsPerAddressMax = 64
        /// All together; an HTTP connection is one of them until its first request.
        package var connectionsUnauthenticatedMax = 256
        /// From the first byte of a ClientHello to the end of the handshake.
        package var tlsHandshakeTimeout = Duration.seconds(5)
        /// Request line and headers.
        package var httpHeadBytesMax = 16 << 10
        /// For the first bytes, a RawSocket's handshake and an HTTP request's head.
        package var httpHeadTimeout = Duration.seconds(10)
        /// Of one request.
        package var httpBodyBytesMax = 1 << 20
        /// From a request's head to its last byte.
        package var httpBodyTimeout = Duration.seconds(30)
        /// How long an HTTP connection may wait for its next request.
        package var httpIdleTimeout = Duration.seconds(60)
        /// How long a long-poll client's request waits for a message.
        package var longPollWait = Duration.seconds(30)
        /// Of one WAMP message, before WELCOME and after it.
        package var messageBytesMaxBeforeWelcome = 16 << 10
        package var messageBytesMax = 16 << 20
        /// How long shutdown waits for the connections to end by themselves.
        package var drainTimeout = Duration.seconds(5)

        package init() {}
    }

    /// The router marks its loops in one word of 64 bits.
    package static let eventLoopsMax = 64

    package init() {}
}

extension ListenerConfiguration {
    /// Reads `listener` and `limits`. Pure; mistakes are noted in the settings' document.
    ///
    /// - Parameter settings: the outermost scope.
    package static func configuration(from settings: Settings) -> ListenerConfiguration {
        var configuration = ListenerConfiguration()
        let listener = settings.scope("listener")
        let address = listener.string("address", default: "0.0.0.0")
        if (try? SocketAddress(ipAddress: address, port: 0)) == nil {
            listener.refuse(
                "address", "expected an IP address of this host, found \"\(address)\"",
                suggestion: "0.0.0.0 is every IPv4 address, \"::\" every address")
        }
        configuration.address = address
        configuration.port = listener.integer("port", default: 8443, in: 1...65535)
        configuration.plain = listener.enumeration("plain", default: .loopback)
        configuration.unixSocket = listener.string("unix_socket", default: "/run/gantry/gantry.sock")
        configuration.origins = listener.strings("origins")
        configuration.compresses = listener.choice("compression", among: [("on", true), ("off", false)]) ?? false
        configuration.proxies = listener.strings("proxy_protocol").compactMap { text in
            let range = AddressRange(text)
            if range == nil {
                listener.refuse(
                    "proxy_protocol", "expected addresses, found \"\(text)\"", suggestion: "10.0.0.7, or 10.0.0.0/24")
            }
            return range
        }
        configuration.clientCertificates = clientCertificates(from: listener.scope("tls"))
        configuration.httpTransports.longPoll = path("long_poll", default: "/lp", in: listener)
        configuration.httpTransports.events = path("server_sent_events", default: "/sse", in: listener)
        configuration.eventLoops = listener.integer("event_loops", in: 1...eventLoopsMax)
        configuration.certificate = certificate(from: listener.scope("tls"))
        configuration.limits = Limits(from: settings.scope("limits"))
        return configuration
    }

    private static func clientCertificates(from tls: Settings) -> ClientCertificates? {
        let isRequired = tls.choice("client_certificates", among: [("optional", false), ("required", true)])
        guard let authorities = tls.string("client_ca") else {
            if isRequired == true {
                tls.refuse(
                    "client_certificates", "needs client_ca as well", suggestion: "name a PEM file of authorities")
            }
            return nil
        }
        return ClientCertificates(authorities: authorities, isRequired: isRequired ?? false)
    }

    /// The base of an HTTP transport's paths; nil for `off`.
    private static func path(_ key: String, default value: String, in listener: Settings) -> String? {
        let path = listener.string(key, default: value)
        if path == "off" { return nil }
        let isPath =
            path.hasPrefix("/") && path.count > 1 && !path.hasSuffix("/")
            && path.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7F && !"?#%".utf8.contains(byte)
            }
        if !isPath {
            listener.refuse(key, "expected a path or off, found \"\(path)\"", suggestion: "a path is \(value), say")
        }
        return path
    }

    private static func certificate(from tls: Settings) -> CertificateSource {
        let names = tls.strings("names")
        switch (tls.string("certificate"), tls.string("private_key")) {
        case (nil, nil): return .issued(names: names)
        case (let certificate?, let key?): return .files(certificate: certificate, privateKey: key)
        case (_?, nil):
            tls.refuse("certificate", "needs private_key as well", suggestion: "name the PEM file of its key")
        case (nil, _?):
            tls.refuse("private_key", "needs certificate as well", suggestion: "name the PEM file of the certificate")
        }
        return .issued(names: names)
    }
}

extension ListenerConfiguration.Limits {
    init(from limits: Settings) {
        self.init()
        connectionsMax = limits.integer("connections", default: connectionsMax, in: 1...1_000_000)
        connectionsPerAddressMax = limits.integer(
            "connections_per_address", default: connectionsPerAddressMax, in: 1...1_000_000)
        connectionsUnauthenticatedMax = limits.integer(
            "connections_unauthenticated", default: connectionsUnauthenticatedMax, in: 1...1_000_000)
        let patience = Duration.milliseconds(100)...Duration.seconds(300)
        tlsHandshakeTimeout = limits.duration("tls_handshake_timeout", default: tlsHandshakeTimeout, in: patience)
        httpHeadBytesMax = limits.byteSize("http_head", default: httpHeadBytesMax, in: 1 << 10...1 << 20)
        httpHeadTimeout = limits.duration("http_head_timeout", default: httpHeadTimeout, in: patience)
        httpBodyBytesMax = limits.byteSize("http_body", default: httpBodyBytesMax, in: 1 << 10...64 << 20)
        httpBodyTimeout = limits.duration("http_body_timeout", default: httpBodyTimeout, in: patience)
        httpIdleTimeout = limits.duration("http_idle_timeout", default: httpIdleTimeout, in: patience)
        longPollWait = limits.duration("long_poll_wait", default: longPollWait, in: .seconds(1)...Duration.seconds(300))
        messageBytesMaxBeforeWelcome = limits.byteSize(
            "message_before_welcome", default: messageBytesMaxBeforeWelcome, in: 512...16 << 20)
        messageBytesMax = limits.byteSize("message", default: messageBytesMax, in: 512...16 << 20)
    }
}
