import Crypto
import Foundation
import ModuleKit
import WAMP

@testable import Authentication
@testable import Router

/// What must hold for what clients prove themselves with: nobody is let in by what they make up, what is right is taken
/// whatever stands around it, and a prepared text is as good as the text.
enum SecretsAgreement {
    static func difference(_ bytes: [UInt8]) -> String? {
        var input = InputReader(bytes)
        switch input.below(5) {
        case 0: return preparedDifference(input.remaining)
        case 1: return spelledDifference(input.remaining)
        case 2: return cookieDifference(input.remaining)
        case 3: return scramDifference(&input)
        default: return signedDifference(&input)
        }
    }

    // MARK: Texts

    private static func preparedDifference(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let prepared = SASLprep.prepare(text, as: .stored) else { return nil }
        guard SASLprep.prepare(text, as: .query) == prepared else { return "\(text) is asked for as something else" }
        let again = SASLprep.prepare(prepared, as: .query)
        // It may have become too long to be prepared.
        guard prepared.utf8.count <= SASLprep.byteCountMax else { return nil }
        return again.map { $0.unicodeScalars.elementsEqual(prepared.unicodeScalars) } == true
            ? nil : "\(text) is \(prepared), which is \(again ?? "refused")"
    }

    private static func spelledDifference(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        if let decoded = Hexadecimal.decode(text), Hexadecimal.encode(decoded) != text.lowercased() {
            return "\(text) is \(decoded) in hexadecimal"
        }
        if let decoded = Base64URL.decode(text), !Base64URL.encode(decoded).utf8.elementsEqual(text.utf8) {
            return "\(text) is \(decoded) in base64url"
        }
        guard Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes, Base64URL.decode(Base64URL.encode(bytes)) == bytes
        else { return "\(bytes) are not what they are written as" }
        return nil
    }

    // MARK: Cookies

    private static let jar = BrowserCookies(
        lifetime: .seconds(60),
        time: TimeAndChance(
            wallSeconds: { 0 }, monotonic: { .zero }, randomBytes: { Array(repeating: 7, count: $0) }, sleep: { _ in }))

    private static func cookieDifference(_ bytes: [UInt8]) -> String? {
        let header = String(decoding: bytes, as: UTF8.self)
        guard let issued = jar.issue(isEncrypted: true), let pair = issued.header.split(separator: ";").first else {
            return "no cookie is issued"
        }
        let made = jar.cookie(in: header, isEncrypted: true)
        guard made == nil || made == issued.value else { return "\(made ?? "") was not issued" }
        for text in ["\(header);\(pair)", "\(header); \(pair);\(header)"]
        where jar.cookie(in: text, isEncrypted: true) != issued.value {
            return "the cookie is not found in \(text)"
        }
        return nil
    }

    // MARK: SCRAM

    private static let password = "pencil"
    private static let credential = SCRAMCredential(
        password: password, derivation: SCRAMDerivation(function: .pbkdf2, iterations: 4096),
        salt: Array(repeating: 3, count: 16))

    private static func scramDifference(_ input: inout InputReader) -> String? {
        let dialect = input.pick(SCRAMExchange.Dialect.allCases)
        let authid = String(decoding: input.bytes(input.below(32)), as: UTF8.self)
        let nonce = Data(input.bytes(1 + input.below(32))).base64EncodedString()
        let madeUp = String(decoding: input.bytes(input.below(80)), as: UTF8.self)
        let extra = (try? Value.decode(input.remaining, .json))?.dictionary ?? [:]
        _ = try? SCRAMRequest(authid: authid, authextra: extra)
        guard !nonce.isEmpty else { return nil }
        guard let credential, let request = try? SCRAMRequest(authid: authid, authextra: ["nonce": .string(nonce)])
        else { return "the nonce \(nonce) is refused" }
        let exchange = SCRAMExchange(request, credential, dialect, nonce: Array(repeating: 9, count: 16))
        guard let whole = exchange.challenge["nonce"] else { return "a challenge without a nonce" }
        if exchange.verifier(signature: madeUp, extra: extra) != nil
            || exchange.verifier(signature: madeUp, extra: ["nonce": whole]) != nil
        {
            return "\(madeUp) proves \(authid)"
        }
        let proof = proof(of: authid, exchange.challenge, nonce, dialect)
        if let proof, exchange.verifier(signature: proof, extra: ["nonce": whole]) == nil {
            return "\(authid) cannot prove that they have the password"
        }
        return nil
    }

    /// A client's part. RFC 5802, section 3.
    private static func proof(
        of authid: String, _ challenge: [String: Value], _ nonce: String, _ dialect: SCRAMExchange.Dialect
    ) -> String? {
        guard let whole = challenge["nonce"]?.string, let salt = challenge["salt"]?.string else { return nil }
        let isStandard = dialect == .specification
        let name =
            isStandard
            ? String(
                decoding: authid.utf8.flatMap { byte in
                    byte == UInt8(ascii: "=")
                        ? Array("=3D".utf8) : byte == UInt8(ascii: ",") ? Array("=2C".utf8) : [byte]
                }, as: UTF8.self) : SASLprep.prepare(authid, as: .query)
        let message = Data(
            ("n=\(name ?? authid),r=\(nonce),r=\(whole),s=\(salt),i=4096,c=\(isStandard ? "biws" : ""),r=\(whole)").utf8
        )
        func sign(_ data: Data, _ key: SymmetricKey) -> Data {
            Data(HMAC<SHA256>.authenticationCode(for: data, using: key))
        }
        let clientKey = sign(Data("Client Key".utf8), SymmetricKey(data: salted))
        let signature = sign(message, SymmetricKey(data: Data(SHA256.hash(data: clientKey))))
        return Data(zip(clientKey, signature).map { $0 ^ $1 }).base64EncodedString()
    }

    private static let salted: [UInt8] =
        SCRAMDerivation(function: .pbkdf2, iterations: 4096)
        .saltedPassword(Array(password.utf8), salt: Array(repeating: 3, count: 16)) ?? []

    // MARK: Challenges that are signed

    private static func signedDifference(_ input: inout InputReader) -> String? {
        let authid = String(decoding: input.bytes(input.below(64)), as: UTF8.self)
        let signature = String(decoding: input.bytes(input.below(250)), as: UTF8.self)
        let extra = (try? Value.decode(input.remaining, .json))?.dictionary ?? [:]
        let request = (try? CryptosignRequest(authextra: extra)) ?? CryptosignRequest(publicKey: input.bytes(40))
        let exchange = CryptosignExchange(request, challenge: Array(repeating: 5, count: 32))
        guard !exchange.isSigned(signature) else { return "\(signature) is taken" }
        let challenge = ChallengeResponse(
            authid: authid, authrole: "device", authprovider: "static", session: SessionID(1),
            nonce: Array(repeating: 5, count: 16), timestamp: 0)
        guard !challenge.isSigned(by: password, signature: signature) else { return "\(signature) is taken" }
        let decoded = try? Value.decode(Array(challenge.challenge.utf8), .json)
        return decoded?["authid"]?.string.map { Array($0.utf8) } == Array(authid.utf8) || authid.utf8.first == 0
            ? nil : "\(challenge.challenge) is not for \(authid)"
    }
}
