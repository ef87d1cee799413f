import ModuleKit
import WAMP

extension AuthenticationRequest {
    /// What a dynamic authenticator is told, in the words of Crossbar's contract.
    func details(_ method: AuthenticationMethod, ticket: String?, response: Value?) -> [String: Value] {
        var transport: [String: Value] = ["peer": .string(peer.address), "is_secure": .bool(peer.isEncrypted)]
        if let path = peer.path { transport["path"] = .string(path) }
        if let certificate = peer.clientCertificate {
            transport["peer_cert"] = [
                "subject": ["cn": .string(certificate.commonName)], "issuer": .string(certificate.issuer),
                "sha256": .string(certificate.fingerprintSHA256),
            ]
        }
        var details: [String: Value] = [
            "session": .integer(Int64(session.rawValue)), "authmethod": .string(method.rawValue),
            "authextra": .dictionary(authextra), "transport": .dictionary(transport),
        ]
        if let authid { details["authid"] = .string(authid) }
        if let authrole { details["authrole"] = .string(authrole) }
        if let ticket { details["ticket"] = .string(ticket) }
        if let response { details["response"] = response }
        return details
    }
}
