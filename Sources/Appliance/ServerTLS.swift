// Where the port's certificate comes from, and how it stays good: Gantry's own authority names this host's addresses,
// which change; files that the operator gives are read once, at start.

import Listener
import Logging
import ModuleKit
import NIOSSL
import ServiceLifecycle

/// The TLS side of the one port.
struct ServerTLS: Sendable {
    let source: TLSContextSource
    /// How clients come to trust the authority; nil when the certificate is the operator's.
    let pages: AuthorityPages?
    let renewal: CertificateRenewal?
    /// The PEM file that a client has to trust.
    let certificateFile: String
    /// SHA-256 of the authority's certificate; nil when the certificate is the operator's.
    let fingerprint: String?

    /// The name of the authority's certificate beside gantry.yml, where others than the service can read it.
    static let publishedName = "ca.pem"

    /// - Parameters:
    ///   - keys: `<data>/keys`, which exists.
    ///   - published: the directory of gantry.yml.
    init(
        _ configuration: ListenerConfiguration, keys: String, published: String, logger: Logger
    ) throws {
        let clients = try Self.clients(configuration.clientCertificates)
        switch configuration.certificate {
        case .issued(let names):
            let authority = try CertificateAuthority(directory: keys)
            let server = try authority.serverCertificate(names: names)
            source = try TLSContextSource(chain: server.chain, privateKey: server.privateKey, clients: clients)
            pages = AuthorityPages(pem: try authority.pem, fingerprint: try authority.fingerprint)
            renewal = CertificateRenewal(authority: authority, names: names, source: source, logger: logger)
            let copy = published + "/" + Self.publishedName
            let isPublished = (try? TextFile.read(copy)) == (try authority.pem)
            certificateFile = isPublished ? copy : CertificateAuthority.certificatePath(in: keys)
            fingerprint = try authority.fingerprint
        case .files(let certificate, let privateKey):
            do {
                source = try TLSContextSource(
                    chain: try NIOSSLCertificate.fromPEMFile(certificate),
                    privateKey: try NIOSSLPrivateKey(file: privateKey, format: .pem), clients: clients)
            } catch {
                throw CommandError(
                    .configuration, "listener.tls: \(certificate) and \(privateKey) cannot be used: \(error)")
            }
            (pages, renewal, fingerprint) = (nil, nil, nil)
            certificateFile = certificate
        }
    }

    private static func clients(
        _ configuration: ListenerConfiguration.ClientCertificates?
    ) throws -> TLSContextSource.TrustedClients? {
        guard let configuration else { return nil }
        do {
            let authorities = try NIOSSLCertificate.fromPEMFile(configuration.authorities)
            return TLSContextSource.TrustedClients(authorities: authorities, isRequired: configuration.isRequired)
        } catch {
            throw CommandError(
                .configuration, "listener.tls.client_ca: \(configuration.authorities) cannot be used: \(error)")
        }
    }
}

/// Looks once a minute whether the host has other names or addresses, or the certificate grows old.
struct CertificateRenewal: Service {
    let authority: CertificateAuthority
    let names: [String]
    let source: TLSContextSource
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .seconds(60))) != nil { renew() }
        }
    }

    private func renew() {
        do {
            let server = try authority.serverCertificate(names: names)
            guard server.isNew else { return }
            try source.replace(chain: server.chain, privateKey: server.privateKey)
            logger.notice("another server certificate was issued")
        } catch {
            logger.error("the server certificate could not be renewed", metadata: .facts([.error: "\(error)"]))
        }
    }
}
