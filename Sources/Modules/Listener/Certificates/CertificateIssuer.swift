import Crypto
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// Certificates as values: keys and dates in, certificates out. Where they are kept is `CertificateAuthority`'s affair.

/// Makes Gantry's own authority and the certificates that it signs.
enum CertificateIssuer {
    /// Ten years.
    static let authorityLifetime: TimeInterval = 10 * 365 * 86400
    /// The longest that browsers accept of a public authority, and a good measure for a private one.
    static let serverLifetime: TimeInterval = 397 * 86400
    /// Certificates begin in the past: clocks on a factory floor are not always set.
    static let clockSkew: TimeInterval = 2 * 86400

    /// A certificate that signs itself and other certificates, but none that sign in turn.
    ///
    /// - Parameter host: goes into the name, with the date, so that two of them can be told apart in a browser.
    static func authority(host: String, key: P256.Signing.PrivateKey, now: Date) throws -> Certificate {
        let signer = Certificate.PrivateKey(key)
        let name = try DistinguishedName {
            OrganizationName("Gantry")
            CommonName("Gantry CA \(host) \(day(now))")
        }
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: signer.publicKey,
            notValidBefore: now - clockSkew, notValidAfter: now + authorityLifetime, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: signer.publicKey)
            },
            issuerPrivateKey: signer)
    }

    /// A server's certificate.
    static func server(
        names: Set<CertificateName>, publicKey: P256.Signing.PublicKey, authority: Certificate,
        authorityKey: P256.Signing.PrivateKey, now: Date
    ) throws -> Certificate {
        let key = Certificate.PublicKey(publicKey)
        let sorted = names.sorted()
        let common = sorted.lazy.compactMap { name in if case .dns(let text) = name { text } else { nil } }
            .first { $0 != "localhost" }
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key, notValidBefore: now - clockSkew,
            notValidAfter: min(now + serverLifetime, authority.notValidAfter), issuer: authority.subject,
            subject: try DistinguishedName { CommonName(String((common ?? "localhost").prefix(64))) },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(sorted.map(generalName))
                SubjectKeyIdentifier(hash: key)
                AuthorityKeyIdentifier(
                    keyIdentifier: try authority.extensions.subjectKeyIdentifier?.keyIdentifier)
            },
            issuerPrivateKey: Certificate.PrivateKey(authorityKey))
    }

    /// The names for which a certificate was issued.
    static func names(of certificate: Certificate) throws -> Set<CertificateName> {
        var names: Set<CertificateName> = []
        for name in try certificate.extensions.subjectAlternativeNames ?? SubjectAlternativeNames([]) {
            switch name {
            case .dnsName(let text): names.insert(.dns(text))
            case .ipAddress(let octets): names.insert(.address(Array(octets.bytes)))
            default: break
            }
        }
        return names
    }

    /// SHA-256 over the certificate's DER, as browsers show it: `AB:CD:…`.
    static func fingerprint(of certificate: Certificate) throws -> String {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return SHA256.hash(data: serializer.serializedBytes)
            .map { byte in String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
            }
            .joined(separator: ":")
    }

    private static func generalName(_ name: CertificateName) -> GeneralName {
        switch name {
        case .dns(let text): .dnsName(text)
        case .address(let bytes): .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
        }
    }

    private static func day(_ date: Date) -> String {
        date.ISO8601Format(.iso8601Date(timeZone: .gmt))
    }
}
