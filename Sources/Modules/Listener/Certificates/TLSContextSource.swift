package import NIOSSL
import Synchronization

/// The TLS context for the next connection. Swapped at run time when the certificate changes; connections that are
/// open keep the one they began with.
package final class TLSContextSource: Sendable {
    private let current: Mutex<NIOSSLContext>

    /// - Parameters:
    ///   - chain: the server's certificate first.
    package init(chain: [NIOSSLCertificate], privateKey: NIOSSLPrivateKey) throws {
        current = Mutex(try Self.context(chain, privateKey))
    }

    var context: NIOSSLContext { current.withLock { $0 } }

    /// For all connections from now on. A certificate that cannot be used leaves the old one in place.
    package func replace(chain: [NIOSSLCertificate], privateKey: NIOSSLPrivateKey) throws {
        let next = try Self.context(chain, privateKey)
        current.withLock { $0 = next }
    }

    /// TLS 1.2 at least, forward secrecy and authenticated encryption only (Mozilla's "intermediate").
    private static func context(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) throws -> NIOSSLContext {
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
        return try NIOSSLContext(configuration: configuration)
    }
}
