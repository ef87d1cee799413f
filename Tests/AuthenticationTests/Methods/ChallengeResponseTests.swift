import Foundation
import ModuleKit
import Testing
import WAMP

@testable import Authentication

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

    @Test func `the specification's example is signed with the salted key of secret1`() {
        // "Password Salting" and the AUTHENTICATE before it; the text of the challenge as the signature has it.
        let challenge = ChallengeResponse(
            challenge: """
                {"nonce": "LHRTC9zeOIrt_9U3", "authprovider": "userdb", "authid": "peter", \
                "timestamp": "2014-06-22T16:36:25.448Z", "authrole": "user", "authmethod": "wampcra", \
                "session": 3251278072152162}
                """)
        let key = ChallengeResponse.Salting(salt: "salt123", iterations: 1000, keyLength: 32).key(of: "secret1")
        #expect(key == "64xfzBvZhGDT7PB0bQwDeI8/WR1M9x6Cw5dt0yP9koc=")
        #expect(challenge.isSigned(by: key ?? "", signature: "gir1mSx+deCDUV7wRM5SGIn/+R/ClqLZuH4m7FJeBVI="))
    }

    @Test func `Crossbar's documented key is that of its documented password`() {
        let salting = ChallengeResponse.Salting(salt: "salt123", iterations: 100, keyLength: 16)
        #expect(salting.key(of: "secret1") == "prq7+YkJ1/KlW1X0YczMHw==")
    }

    @Test func `with a salt, CHALLENGE says how to make the key`() {
        let salted = ChallengeResponse(
            authid: "a", authrole: "r", authprovider: "p", session: SessionID(1), salting: .init(salt: "s"), nonce: [],
            timestamp: 0)
        #expect(salted.extra["salt"] == "s" && salted.extra["iterations"] == 1000 && salted.extra["keylen"] == 32)
        #expect(challenge.extra == ["challenge": .string(challenge.challenge)])
    }

    @Test(arguments: [(0, 32), (10_000_001, 32), (1, 15), (1, 65), (-1, -1)])
    func `parameters out of range make no key`(iterations: Int, keyLength: Int) {
        let salting = ChallengeResponse.Salting(salt: "s", iterations: iterations, keyLength: keyLength)
        #expect(salting.key(of: "secret1") == nil)
    }

    @Test(arguments: [("a", "a", true), ("a", "b", false), ("", "", true), ("a", "", false), ("abc", "abcd", false)])
    func `secrets are the same or not`(one: String, other: String, isSame: Bool) {
        #expect(isSameSecret(one, other) == isSame)
    }
}
