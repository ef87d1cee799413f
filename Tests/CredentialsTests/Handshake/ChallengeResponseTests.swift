import Foundation
import ModuleKit
import Testing
import WAMP

@testable import Credentials

@Suite struct ChallengeResponseTests {
    let challenge = ChallengeResponse(
        authid: "SER-1", authrole: "app", authprovider: "gantry", session: SessionID(9_007_199_254_740_992),
        nonce: [1, 2, 3, 4], timestamp: 1_795_233_600)

    @Test func `the challenge is the specification's JSON object`() throws {
        #expect(
            challenge.challenge == """
                {"authid": "SER-1", "authrole": "app", "authmethod": "wampcra", "authprovider": "gantry", \
                "nonce": "AQIDBA==", "timestamp": "2026-11-21T04:00:00Z", "session": 9007199254740992}
                """)
    }

    @Test func `the signature is base64 of HMAC-SHA256 over the challenge`() {
        // Computed with Python's hmac.
        let signature = "IybkHeoO/55XTFm9VwEz2X6+iM+eVIzorGd2Z5dYrNI="
        #expect(challenge.signature(secret: "secret1") == signature)
        #expect(challenge.isSigned(by: "secret1", signature: signature))
        #expect(!challenge.isSigned(by: "secret2", signature: signature))
        #expect(HMACSignature.of(challenge.challenge, "secret1") == signature)
    }

    @Test(arguments: [
        "", "=", "IybkHeoO", "IybkHeoO/55XTFm9VwEz2X6+iM+eVIzorGd2Z5dYrNI", "not base64 at all !!!!",
        "IybkHeoO/55XTFm9VwEz2X6+iM+eVIzorGd2Z5dYrNJ=", String(repeating: "A", count: 4096),
    ])
    func `anything else is wrong`(signature: String) {
        #expect(!challenge.isSigned(by: "secret1", signature: signature))
    }

    @Test(arguments: ["\"", "\\", "a\"}b", "\u{0}\u{1F}\n", "ü€😀", "\u{2028}"])
    func `an authid cannot end its string`(authid: String) throws {
        let challenge = ChallengeResponse(
            authid: authid, authrole: "app", authprovider: "gantry", session: SessionID(1), nonce: [], timestamp: 0)
        let object = try JSONSerialization.jsonObject(with: Data(challenge.challenge.utf8))
        let members = try #require(object as? [String: Any])
        #expect(members["authid"] as? String == authid)
        #expect(members.count == 7)
    }

    @Test func `the vendor's formula gives the vendor's secrets`() {
        // Computed with Python's hmac from ironflock/app-cred/v1|<serial>|<app>|<STAGE>|<epoch>.
        #expect(
            AppSecret.derive(appKeyMaterial: "material", serial: "SER-1", appKey: 5, stage: .prod, epoch: 1)
                == "hBlAGQsSJu5FF06XR/ldrCor0So77e+qyrpogTfNPXQ=")
        #expect(
            AppSecret.derive(appKeyMaterial: "material", serial: "SER-1", appKey: 5, stage: .dev, epoch: 12)
                == "rt09LZ+HTmj/e6MrmDtOmbb/lNH2Xss4XBvKBrsQJLU=")
        #expect(AppSecret.authid(serial: "SER-1", appKey: 5, stage: .dev, epoch: 12) == "app-5-dev-e12@SER-1")
    }

    @Test(arguments: [("a", "a", true), ("a", "b", false), ("", "", true), ("a", "", false), ("abc", "abcd", false)])
    func `secrets are the same or not`(one: String, other: String, isSame: Bool) {
        #expect(isSameSecret(one, other) == isSame)
    }
}
