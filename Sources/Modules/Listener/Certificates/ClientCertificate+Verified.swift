import Crypto
import ModuleKit
import NIOSSL
import SwiftASN1
import X509

extension ClientCertificate {
    /// What a certificate says whose chain TLS has verified; nil for one that cannot be read, which then counts as none.
    init?(verified certificate: NIOSSLCertificate) {
        guard let der = try? certificate.toDERBytes(), let parsed = try? Certificate(derEncoded: der) else {
            return nil
        }
        let names = parsed.subject.flatMap { $0 }.filter { $0.type == .RDNAttributeType.commonName }
        self.init(
            commonName: names.last.flatMap { String($0.value) } ?? "",
            fingerprintSHA256: SHA256.hash(data: der).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(),
            issuer: parsed.issuer.description)
    }
}
