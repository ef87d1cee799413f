import Crypto
package import NIOSSL
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Gantry's own certificate authority, kept in `<data>/keys/`:
///
///     ca.pem         the authority's certificate, for clients to import
///     ca-key.pem     its key
///     server.pem     the server's certificate
///     server-key.pem its key, a new one with each certificate
///
/// All of mode 0600. A file is written under another name, synced, and renamed: a power cut leaves the old one or the
/// new one.
package struct CertificateAuthority: Sendable {
    /// What is wrong with a file, and what to do.
    package struct FileError: Error, Sendable, CustomStringConvertible {
        package var path: String
        /// What is wrong, and what to do, without the file's name.
        package var reason: String
        package var description: String { "\(path): \(reason)" }
    }

    private let directory: String
    private let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// The authority's certificate in PEM.
    package var pem: String {
        get throws { try certificate.serializeAsPEM().pemString }
    }

    /// SHA-256 of the authority's certificate, `AB:CD:…`.
    package var fingerprint: String {
        get throws { try CertificateIssuer.fingerprint(of: certificate) }
    }

    /// Where the authority's certificate is kept.
    package static func certificatePath(in directory: String) -> String { directory + "/ca.pem" }

    /// Opens the authority, or creates it where there is none.
    ///
    /// - Parameters:
    ///   - directory: `<data>/keys`, which exists.
    ///   - now: wall-clock time.
    /// - Throws: `FileError` for files that are there but cannot be used: they are never replaced, clients trust them.
    package init(directory: String, now: Date = Date()) throws {
        self.directory = directory
        let certificatePath = Self.certificatePath(in: directory)
        let keyPath = directory + "/ca-key.pem"
        switch (try Self.contents(of: certificatePath), try Self.contents(of: keyPath)) {
        case (let certificate?, let key?):
            do {
                self.certificate = try Certificate(pemEncoded: certificate)
                self.key = try P256.Signing.PrivateKey(pemRepresentation: key)
            } catch {
                throw FileError(path: certificatePath, reason: "not readable as a certificate and its key: \(error)")
            }
            guard self.certificate.publicKey == Certificate.PrivateKey(self.key).publicKey else {
                throw FileError(path: keyPath, reason: "is not the key of ca.pem; restore both from a backup")
            }
        case (nil, nil):
            key = P256.Signing.PrivateKey()
            certificate = try CertificateIssuer.authority(host: HostNames.hostname, key: key, now: now)
            try Self.replace(key.pemRepresentation, at: keyPath)
            try Self.replace(certificate.serializeAsPEM().pemString, at: certificatePath)
        case (nil, _?):
            throw FileError(path: certificatePath, reason: "is missing, but its key is there; restore it from a backup")
        case (_?, nil):
            throw FileError(path: keyPath, reason: "is missing, but the certificate is there; restore it from a backup")
        }
    }

    /// The server's certificate and key, as TLS wants them, and whether they are new.
    package struct ServerCertificate: Sendable {
        /// The server's first, then the authority's.
        package var chain: [NIOSSLCertificate]
        package var privateKey: NIOSSLPrivateKey
        /// Issued by this call.
        package var isNew: Bool
    }

    /// The server's certificate for this host: the present one, or another where one is due.
    ///
    /// - Parameters:
    ///   - names: more names and addresses, from the configuration.
    ///   - force: a new one in any case.
    package func serverCertificate(
        names: [String] = [], now: Date = Date(), force: Bool = false
    ) throws -> ServerCertificate {
        let plan = CertificatePlan(
            hostname: HostNames.hostname, addresses: try HostNames.addresses(),
            extra: names.compactMap(HostNames.certificateName))
        let certificatePath = directory + "/server.pem"
        let keyPath = directory + "/server-key.pem"
        if !force, let pem = try Self.contents(of: certificatePath), let key = try Self.contents(of: keyPath),
            let present = try? Certificate(pemEncoded: pem), isUsable(present, key: key, for: plan, now)
        {
            return try server(pem: pem, key: key, isNew: false)
        }
        let serverKey = P256.Signing.PrivateKey()
        let server = try CertificateIssuer.server(
            names: plan.names, publicKey: serverKey.publicKey, authority: certificate, authorityKey: key, now: now)
        let pem = try server.serializeAsPEM().pemString
        try Self.replace(serverKey.pemRepresentation, at: keyPath)
        try Self.replace(pem, at: certificatePath)
        return try self.server(pem: pem, key: serverKey.pemRepresentation, isNew: true)
    }

    /// Whether the present certificate is this authority's, belongs to its key and fits the host.
    private func isUsable(_ present: Certificate, key: String, for plan: CertificatePlan, _ now: Date) -> Bool {
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: key),
            present.publicKey == Certificate.PrivateKey(key).publicKey,
            certificate.publicKey.isValidSignature(present.signature, for: present),
            let names = try? CertificateIssuer.names(of: present)
        else { return false }
        let validity = present.notValidBefore.timeIntervalSince1970...present.notValidAfter.timeIntervalSince1970
        return !plan.isReissueDue(has: names, validity: validity, now: now.timeIntervalSince1970)
    }

    private func server(pem: String, key: String, isNew: Bool) throws -> ServerCertificate {
        ServerCertificate(
            chain: [
                try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem),
                try NIOSSLCertificate(bytes: Array(self.pem.utf8), format: .pem),
            ],
            privateKey: try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem), isNew: isNew)
    }

    // MARK: Files

    /// The file's text; nil where there is no file.
    private static func contents(of path: String) throws -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FileError(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw FileError(path: path, reason: String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += chunk[..<count]
            guard bytes.count <= 1 << 20 else { throw FileError(path: path, reason: "is too large to be a PEM file") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(path: path, reason: "is not a PEM file")
        }
        return text
    }

    private static func replace(_ text: String, at path: String) throws {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(path: temporary, reason: String(cString: strerror(errno))) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        let isWritten = rest.isEmpty && fsync(descriptor) == 0
        let reason = String(cString: strerror(errno))
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else { throw FileError(path: path, reason: reason) }
    }
}
