import Authentication
import Crypto
import Foundation
import ModuleKit
import Testing
import WAMP

@testable import Router

/// Who may join a realm of gantry.yml, by each method that has its principals there.
@Suite struct PlainRealmsTests {
    private static let auth = """
        ticket: {principals: {joe: {ticket: s3cret, role: guest, trustlevel: 7}}}
        wampcra:
          users:
            peter: {secret: "64xfzBvZhGDT7PB0bQwDeI8/WR1M9x6Cw5dt0yP9koc=", role: engineer, salt: salt123}
            paula: {secret: secret2, role: guest}
        scram:
          users:
            user:
              role: engineer
              kdf: pbkdf2
              iterations: 4096
              salt: 5b6d99689d12358eeca04b141236fa81
              stored_key: 586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6
              server_key: c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5
        cryptosign:
          principals:
            client01: {authorized_keys: [\(publicKey)], role: engineer}
        tls:
          principals:
            press: {common_name: press.example, role: guest}
            lathe: {fingerprint: \(String(repeating: "AB:", count: 31))AB, role: engineer}
        """

    private static let key = Curve25519.Signing.PrivateKey()
    private static var publicKey: String { Hexadecimal.encode(key.publicKey.rawRepresentation) }

    let room: HandshakeRoom
    init() throws { room = try HandshakeRoom(Self.auth) }

    // MARK: Who is right

    @Test func `a ticket`() async throws {
        let principal = try await room.join("ticket", "joe", ticket: "s3cret").principal
        #expect(principal?.authid == "joe" && principal?.authrole == "guest")
        #expect(principal?.authmethod == "ticket" && principal?.authprovider == "static")
        #expect(principal?.trustlevel == 7)
    }

    @Test(arguments: [("peter", "secret1", "engineer", nil), ("paula", "secret2", "guest", 1)])
    func `WAMP-CRA, salted and not`(authid: String, password: String, role: String, trust: Int64?) async throws {
        let outcome = try await room.join(
            room.request(["wampcra"], authid), HandshakeRoom.challengeResponse(password))
        #expect(outcome.principal?.authrole == role)
        #expect(outcome.principal?.trustlevel == trust)
    }

    @Test func `the challenge says who will be authenticated`() async throws {
        let step = room.realms.immediateStep(room.request(["wampcra"], "peter"))
        guard case .challenge("wampcra", let extra, _) = step else { throw NoChallenge() }
        let text = try #require(extra["challenge"]?.string)
        #expect(text.contains(#""authid": "peter", "authrole": "engineer", "authmethod": "wampcra""#))
        #expect(text.contains(#""session": 12345"#))
        #expect(extra["salt"] == "salt123" && extra["iterations"] == 1000 && extra["keylen"] == 32)
    }

    @Test func `cryptosign, with a name or by the key alone`() async throws {
        for authid in ["client01", nil] {
            let request = room.request(["cryptosign"], authid, authextra: ["pubkey": .string(Self.publicKey)])
            let outcome = try await room.join(request, Self.sign)
            #expect(outcome.principal?.authid == "client01" && outcome.principal?.authrole == "engineer")
        }
    }

    private static func sign(_ method: String, _ extra: [String: Value]) throws -> String {
        let challenge = try #require(extra["challenge"]?.string.flatMap { Hexadecimal.decode($0) })
        return Hexadecimal.encode(try key.signature(for: challenge)) + Hexadecimal.encode(challenge)
    }

    @Test func `a client certificate, by its name or its fingerprint`() async throws {
        func peer(_ name: String, _ digits: String) -> PeerIdentity {
            var peer = HandshakeRoom.lan
            peer.clientCertificate = ClientCertificate(commonName: name, fingerprintSHA256: digits, issuer: "CA")
            return peer
        }
        let digits = String(repeating: "ab", count: 32)
        let other = String(repeating: "cd", count: 32)
        let byName = try await room.join(room.request(["tls"], nil, peer: peer("press.example", other)))
        #expect(byName.principal?.authid == "press" && byName.principal?.authmethod == "tls")
        let byPrint = try await room.join(room.request(["tls"], "lathe", peer: peer("x", digits)))
        #expect(byPrint.principal?.authid == "lathe" && byPrint.principal?.authrole == "engineer")
        // Somebody else's, somebody else's name, and none at all
        for request in [
            room.request(["tls"], nil, peer: peer("x", other)),
            room.request(["tls"], "lathe", peer: peer("press.example", other)),
            room.request(["tls"], nil),
        ] {
            #expect(try await room.join(request) == .refused)
        }
        // A ticket is taken where the certificate says nothing
        let ticket = try await room.join(room.request(["tls", "ticket"], "joe")) { _, _ in "s3cret" }
        #expect(ticket.principal?.authmethod == "ticket")
    }

    @Test func `of several principals that a certificate is of, the client says which it is`() async throws {
        let digits = String(repeating: "ab", count: 32)
        var peer = HandshakeRoom.lan
        peer.clientCertificate = ClientCertificate(
            commonName: "press.example", fingerprintSHA256: digits, issuer: "CA")
        for authid in ["press", "lathe"] {
            let outcome = try await room.join(room.request(["tls"], authid, peer: peer))
            #expect(outcome.principal?.authid == authid)
        }
        #expect(try await room.join(room.request(["tls"], nil, peer: peer)) == .refused)
    }

    // MARK: Who is not

    @Test func `a SCRAM name counts its failures however it is spelled`() async throws {
        let nonce: [String: Value] = ["nonce": "AAAA"]
        for marks in 0..<5 {
            let spelling = "us" + String(repeating: "\u{AD}", count: marks) + "er"
            let request = room.request(["wamp-scram"], spelling, authextra: nonce)
            #expect(try await room.join(request) { _, _ in "d3Jvbmc=" } == .refused)
        }
        // The right proof comes too late.
        let name = "\(HandshakeRoom.realm)/user"
        let mayGoOn = await room.realms.attempts.mayGoOn(from: HandshakeRoom.lan.address, on: name, since: .zero)
        #expect(!mayGoOn)
    }

    @Test func `all refusals are alike and take as long`() async throws {
        let scram: [String: Value] = ["nonce": "AAAA"]
        let key: [String: Value] = ["pubkey": .string(Self.publicKey)]
        let stranger: [String: Value] = ["pubkey": .string(String(repeating: "7f", count: 32))]
        for (index, request) in [
            room.request(["ticket"], "joe"), room.request(["ticket"], "nobody"), room.request(["ticket"], nil),
            room.request(["wampcra"], "peter"), room.request(["wampcra"], "nobody"),
            room.request(["wamp-scram"], "user", authextra: scram),
            room.request(["scram"], "nobody", authextra: scram),
            room.request(["wamp-scram"], "\u{7}", authextra: scram),
            room.request(["cryptosign"], "client01", authextra: key),
            room.request(["cryptosign"], "client01", authextra: stranger),
            room.request(["cryptosign"], "nobody", authextra: key), room.request(["tls"], nil),
        ].enumerated() {
            var request = request
            request.peer.address = "10.0.1.\(index)"
            let start = room.time.now
            #expect(try await room.join(request) { _, _ in "d3Jvbmc=" } == .refused)
            #expect(room.time.now - start == .milliseconds(500))
        }
    }

    @Test func `somebody unknown is challenged as somebody known is, and always in the same way`() throws {
        func extra(_ method: String, _ authid: String) throws -> [String: Value] {
            let authextra: [String: Value] = ["nonce": "AAAA"]
            guard
                case .challenge(method, let extra, _) = room.realms.immediateStep(
                    room.request([method], authid, authextra: authextra))
            else { throw NoChallenge() }
            return extra
        }
        let known = try extra("wamp-scram", "user")
        let unknown = try extra("wamp-scram", "nobody")
        #expect(Set(known.keys) == Set(unknown.keys))
        for key in ["kdf", "iterations", "memory"] { #expect(known[key] == unknown[key]) }
        #expect(known["salt"]?.string?.utf8.count == unknown["salt"]?.string?.utf8.count)
        #expect(try extra("wamp-scram", "nobody")["salt"] == unknown["salt"])
        #expect(try extra("wamp-scram", "nobody2")["salt"] != unknown["salt"])
        #expect(try extra("wamp-scram", "nobody")["nonce"] != unknown["nonce"])
        // The same name in another form is the same name
        #expect(try extra("wamp-scram", "I\u{AD}X")["salt"] == (try extra("wamp-scram", "IX")["salt"]))

        // Of the two users of WAMP-CRA one has a salt: strangers are like the one or like the other, for ever.
        let strangers = try (0..<32).map { try extra("wampcra", "stranger\($0)")["salt"] }
        #expect(strangers.contains(nil) && strangers.contains { $0?.string?.utf8.count == 7 })
        #expect(try (0..<32).map { try extra("wampcra", "stranger\($0)")["salt"] } == strangers)
    }

    private struct NoChallenge: Error {}

    @Test func `after five failures the right ticket is refused too, in this realm and from this address`() async throws
    {
        for _ in 0..<5 { #expect(try await room.join("ticket", "joe", ticket: "wrong") == .refused) }
        #expect(try await room.join("ticket", "joe", ticket: "s3cret") == .refused)
        var elsewhere = room.request(["ticket"], "joe")
        elsewhere.peer.address = "10.0.0.10"
        #expect(try await room.join(elsewhere) { _, _ in "s3cret" }.principal?.authid == "joe")
        room.time.advance(.seconds(901))
        #expect(try await room.join("ticket", "joe", ticket: "s3cret").principal?.authid == "joe")
    }

    // MARK: Which method

    @Test func `the client's first method that the realm has decides`() async throws {
        let outcome = try await room.join(room.request(["unheard-of", "cookie", "ticket", "wampcra"], "joe")) {
            method, _ in
            #expect(method == "ticket")
            return "s3cret"
        }
        #expect(outcome.principal?.authmethod == "ticket")
    }

    @Test func `without a common method the realm says which it has`() async throws {
        let outcome = try await room.join(room.request(["anonymous"], nil))
        #expect(
            outcome
                == .denied(
                    .noMatchingAuthMethod,
                    "This realm takes: tls, ticket, wampcra, wamp-scram, scram, cryptosign."))
    }

    @Test(
        arguments: [
            ("wamp-scram", [:], .invalidArgument), ("scram", ["nonce": "no base64"], .invalidArgument),
            ("wamp-scram", ["nonce": "AAAA", "channel_binding": "tls-unique"], .featureNotSupported),
            ("cryptosign", [:], .invalidArgument), ("cryptosign", ["pubkey": "00"], .invalidArgument),
            (
                "cryptosign",
                ["pubkey": .string(String(repeating: "00", count: 32)), "channel_binding": "tls-exporter"],
                .featureNotSupported
            ),
        ] as [(String, [String: Value], ErrorURI)])
    func `what cannot begin says why`(method: String, authextra: [String: Value], reason: ErrorURI) async throws {
        for authid in ["client01", "nobody"] {
            #expect(try await room.join(room.request([method], authid, authextra: authextra)).reason == reason)
        }
    }

    @Test func `anonymous sessions have a role where the realm has one for them`() async throws {
        let room = try HandshakeRoom("anonymous: {role: guest}")
        var peer = HandshakeRoom.lan
        #expect(try await room.join(room.request(["anonymous"], nil, peer: peer)).reason == .authenticationDenied)
        peer.isLoopback = true
        let principal = try await room.join(room.request(["anonymous"], "me", peer: peer)).principal
        #expect(principal?.authrole == "guest" && principal?.authid == "9ix" && principal?.trustlevel == 1)
        let open = try HandshakeRoom("anonymous: {role: guest, from: lan}")
        #expect(try await open.join(open.request(["anonymous"], nil)).principal?.authrole == "guest")
    }
}
