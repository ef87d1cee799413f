package import NIOSSL
import Synchronization

/// The TLS context for the next connection. Swapped at run time when the certificate changes; connections that are
/// open keep the one they began with.
package final class TLSContextSource: Sendable {
    private let current: Mutex<NIOSSLContext>
    private let clients: TrustedClients?

    /// Whose certificates clients may show.
    package struct TrustedClients: Sendable {
        package var authorities: [NIOSSLCertificate]
        /// Nobody comes in without one.
        package var isRequired: Bool

        package init(authorities: [NIOSSLCertificate], isRequired: Bool) {
            self.authorities = authorities
            self.isRequired = isRequired
        }
    }

    /// - Parameters:
    ///   - chain: the server's certificate first.
    ///   - clients: nil asks no client for a certificate.
    package init(chain: [NIOSSLCertificate], privateKey: NIOSSLPrivateKey, clients: TrustedClients? = nil) throws {
        self.clients = clients
        current = Mutex(try Self.context(chain, privateKey, clients))
    }

    var context: NIOSSLContext { current.withLock { $0 } }

    /// For all connections from now on. A certificate that cannot be used leaves the old one in place.
    package func replace(chain: [NIOSSLCertificate], privateKey: NIOSSLPrivateKey) throws {
        let next = try Self.context(chain, privateKey, clients)
        current.withLock { $0 = next }
    }

    /// TLS 1.2 at least, forward secrecy and authenticated encryption only (Mozilla's "intermediate").
    private static func context(
        _ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey, _ clients: TrustedClients?
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = [
            .TLS_AES_128_GCM_SHA256, .TLS_AES_256_GCM_SHA384, .TLS_CHACHA20_POLY1305_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        configuration.applicationProtocols = ["http/1.1"]
        if let clients {
            // A client has no host name that could be compared with anything; its chain is verified in either case.
            configuration.certificateVerification = clients.isRequired ? .noHostnameVerification : .optionalVerification
            configuration.trustRoots = .certificates(clients.authorities)
            configuration.sendCANameList = true
        }
        return try NIOSSLContext(configuration: configuration)
    }
}
