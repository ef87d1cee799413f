import Authentication
import Crypto
import ModuleKit
import Synchronization
import Testing
import WAMP

@testable import Router

/// Methods whose principals a procedure knows. The contract is Crossbar's.
@Suite struct DynamicAuthenticatorTests {
    private static let auth = """
        ticket: {type: dynamic, authenticator: com.example.authenticate, authenticator_realm: com.example.office}
        wampcra: {type: dynamic, authenticator: com.example.authenticate}
        scram: {type: dynamic, authenticator: com.example.authenticate}
        cryptosign: {type: dynamic, authenticator: com.example.authenticate, default_role: guest}
        anonymous: {type: dynamic, authenticator: com.example.authenticate}
        tls: {type: dynamic, authenticator: com.example.authenticate}
        """

    let room: HandshakeRoom
    init() throws { room = try HandshakeRoom(Self.auth) }

    @Test func `the authenticator is told realm, authid and details, in its own realm`() async throws {
        let asked = Mutex<[[Value]]>([])
        room.authenticators.answer { procedure, arguments throws(WAMPError) in
            asked.withLock { $0.append(arguments) }
            return .string(procedure == "com.example.authenticate" ? "guest" : "")
        }
        var request = room.request(["ticket"], "joe", authextra: ["lang": "de"])
        request.authrole = "wish"
        let outcome = try await room.join(request) { _, _ in "s3cret" }
        #expect(outcome.principal?.authid == "joe" && outcome.principal?.authrole == "guest")
        #expect(outcome.principal?.authprovider == "dynamic")
        #expect(room.authenticators.joins == ["com.example.office"])
        #expect(
            asked.withLock { $0 } == [
                [
                    .string(HandshakeRoom.realm), "joe",
                    [
                        "ticket": "s3cret", "session": 12345, "authmethod": "ticket", "authid": "joe",
                        "authrole": "wish", "authextra": ["lang": "de"],
                        "transport": ["peer": "10.0.0.9", "is_secure": true],
                    ],
                ]
            ])
        // Once joined is enough
        _ = try await room.join(request) { _, _ in "s3cret" }
        #expect(room.authenticators.joins.count == 1)
    }

    @Test func `it may give another authid, and something for WELCOME`() async throws {
        room.authenticators.answer { _, _ throws(WAMPError) in
            ["role": "engineer", "authid": "joe.smith", "extra": ["shift": 2], "trustlevel": 3]
        }
        let principal = try await room.join("ticket", "joe", ticket: "x").principal
        #expect(principal?.authid == "joe.smith" && principal?.authextra == ["shift": 2])
        #expect(principal?.trustlevel == 3)
    }

    @Test func `for WAMP-CRA it gives the secret, or the derived key and its salt`() async throws {
        room.authenticators.answer { _, arguments throws(WAMPError) in
            arguments[1] == "peter"
                ? [
                    "secret": "prq7+YkJ1/KlW1X0YczMHw==", "role": "guest", "salt": "salt123", "iterations": 100,
                    "keylen": 16,
                ] : ["secret": "secret2", "role": "engineer"]
        }
        for (authid, password, role) in [("peter", "secret1", "guest"), ("joe", "secret2", "engineer")] {
            let request = room.request(["wampcra"], authid)
            let outcome = try await room.join(request, HandshakeRoom.challengeResponse(password))
            #expect(outcome.principal?.authrole == role)
            #expect(try await room.join(request, HandshakeRoom.challengeResponse("wrong")) == .refused)
        }
    }

    @Test func `for cryptosign it gives the keys, in Crossbar's word or in ours`() async throws {
        let key = Curve25519.Signing.PrivateKey()
        let text = Hexadecimal.encode(key.publicKey.rawRepresentation)
        let request = room.request(["cryptosign"], nil, authextra: ["pubkey": .string(text)])
        func sign(_ method: String, _ extra: [String: Value]) throws -> String {
            let challenge = try #require(extra["challenge"]?.string.flatMap { Hexadecimal.decode($0) })
            return Hexadecimal.encode(try key.signature(for: challenge)) + Hexadecimal.encode(challenge)
        }
        for answer in [["pubkey": .string(text)], ["authorized_keys": ["00", .string(text)]]] as [Value] {
            let room = try HandshakeRoom(Self.auth)
            room.authenticators.answer { _, _ throws(WAMPError) in answer }
            let principal = try await room.join(request, sign).principal
            #expect(principal?.authid == text && principal?.authrole == "guest")
        }
        room.authenticators.answer { _, _ throws(WAMPError) in ["pubkey": .string(String(repeating: "11", count: 32))] }
        #expect(try await room.join(request, sign) == .refused)
    }

    @Test func `anonymous sessions and certificates are its to judge as well`() async throws {
        room.authenticators.answer { _, arguments throws(WAMPError) in
            guard arguments[2]["authmethod"] == "tls" else { return "guest" }
            guard arguments[2]["transport"]?["peer_cert"]?["subject"]?["cn"] == "press" else {
                throw WAMPError("com.example.no_such_machine")
            }
            return "engineer"
        }
        #expect(try await room.join(room.request(["anonymous"], nil)).principal?.authrole == "guest")
        var peer = HandshakeRoom.lan
        peer.clientCertificate = ClientCertificate(commonName: "press", fingerprintSHA256: "00", issuer: "CA")
        let press = try await room.join(room.request(["tls"], nil, peer: peer)).principal
        #expect(press?.authid == "press" && press?.authrole == "engineer")
        peer.clientCertificate?.commonName = "lathe"
        #expect(try await room.join(room.request(["tls"], nil, peer: peer)) == .refused)
    }

    // MARK: More than one round

    private final class Responses: Sendable {
        let values = Mutex<[Value]>([])
    }

    /// Admits by ticket or WAMP-CRA, and then asks for a code, and for another one if that is a 2.
    private func askForCodes() -> Responses {
        let responses = Responses()
        room.authenticators.answer { _, arguments throws(WAMPError) in
            let details = arguments[2]
            guard let response = details["response"] else {
                if let ticket = details["ticket"], ticket != "right" { throw WAMPError("com.example.wrong_ticket") }
                return [
                    "role": "guest", "secret": "right", "challenge": ["method": "code", "extra": ["digits": 1]],
                ]
            }
            responses.values.withLock { $0.append(response) }
            switch response["signature"] {
            case "1": return ["role": "engineer", "authid": "joe.smith"]
            case "2": return ["role": "guest", "challenge": ["method": "code"]]
            default: throw WAMPError("com.example.wrong_code")
            }
        }
        return responses
    }

    private func signing(_ codes: [String], after first: String) -> (String, [String: Value]) throws -> String {
        var left = codes[...]
        return { method, extra in
            guard method != "code" else { return left.popFirst() ?? "none left" }
            return method == "ticket" ? first : try HandshakeRoom.challengeResponse(first)(method, extra)
        }
    }

    @Test(arguments: ["ticket", "wampcra"])
    func `an authenticator may ask for more, and its last answer decides`(method: String) async throws {
        let responses = askForCodes()
        let request = room.request([method], "joe")
        let principal = try await room.join(request, signing(["2", "1"], after: "right")).principal
        #expect(principal?.authid == "joe.smith" && principal?.authrole == "engineer")
        #expect(principal?.authmethod == method)
        #expect(
            responses.values.withLock { $0 } == [
                ["method": "code", "signature": "2", "extra": [:]], ["method": "code", "signature": "1", "extra": [:]],
            ])
        #expect(try await room.join(request, signing(["3"], after: "right")) == .refused)
        #expect(try await room.join(request, signing(["2", "3"], after: "right")) == .refused)
        #expect(try await room.join(request, signing(["1"], after: "wrong")) == .refused)
    }

    @Test func `whoever may come without a secret may be asked for one all the same`() async throws {
        _ = askForCodes()
        let request = room.request(["anonymous"], nil)
        #expect(try await room.join(request, signing(["1"], after: "")).principal?.authrole == "engineer")
        #expect(try await room.join(request, signing(["3"], after: "")) == .refused)
    }

    @Test func `half a success forgives nothing, and a blocked name is told nothing of it`() async throws {
        _ = askForCodes()
        let request = room.request(["ticket"], "joe")
        for _ in 0..<AttemptPolicy().limits.failuresMax {
            #expect(try await room.join(request, signing(["3"], after: "right")) == .refused)
        }
        var challengeCount = 0
        let outcome = try await room.join(request) { method, _ in
            challengeCount += 1
            return method == "ticket" ? "right" : "1"
        }
        #expect(outcome == .refused)
        #expect(challengeCount == 1)
    }

    @Test(arguments: ["code", [:], ["method": ""], ["method": 7], ["method": "code", "extra": 7], true] as [Value])
    func `a challenge that is none admits nobody`(challenge: Value) async throws {
        room.authenticators.answer { _, _ throws(WAMPError) in ["role": "guest", "challenge": challenge] }
        #expect(try await room.join("ticket", "joe", ticket: "x") == .refused)
    }

    enum Reply: Sendable {
        case value(Value)
        case error(ErrorURI)
    }

    @Test(
        "whatever goes wrong admits nobody, and looks like every refusal",
        arguments: [
            .error("com.example.error.no_such_user"), .error(.noSuchProcedure), .error(.timeout), .error(.closeRealm),
            .value(.null), .value(true), .value([:]), .value("no_such_role"), .value(["role": 5]),
            .value(["role": "guest", "realm": "gantry.admin"]),
        ] as [Reply])
    func failing(reply: Reply) async throws {
        room.authenticators.answer { _, _ throws(WAMPError) in
            switch reply {
            case .value(let value): return value
            case .error(let uri): throw WAMPError(uri)
            }
        }
        let authextra: [String: Value] = ["nonce": "AAAA", "pubkey": .string(String(repeating: "7f", count: 32))]
        for (index, method) in ["ticket", "wampcra", "wamp-scram", "scram", "cryptosign", "anonymous"].enumerated() {
            var request = room.request([method], "joe", authextra: authextra)
            request.peer.address = "10.0.2.\(index)"
            let start = room.time.now
            #expect(try await room.join(request) { _, _ in "d3Jvbmc=" } == .refused)
            #expect(room.time.now - start == .milliseconds(500))
        }
    }

    @Test func `a realm that is not open admits nobody`() async throws {
        #expect(try await room.join("ticket", "joe", ticket: "x") == .refused)
    }

    @Test func `somebody whom the authenticator does not know is challenged like the last one whom it knew`()
        async throws
    {
        room.authenticators.answer { _, arguments throws(WAMPError) in
            guard arguments[1] == "joe" else { throw WAMPError("com.example.no_such_user") }
            return ["secret": "k", "role": "engineer", "salt": "pepper", "iterations": 5, "keylen": 32]
        }
        func extra(_ authid: String) async throws -> [String: Value] {
            guard case .challenge(_, let extra, _) = await room.realms.authenticate(room.request(["wampcra"], authid))
            else { return [:] }
            return extra
        }
        let known = try await extra("joe")
        let unknown = try await extra("jim")
        #expect(Set(known.keys) == Set(unknown.keys) && unknown["iterations"] == 5)
        #expect(unknown["salt"]?.string?.utf8.count == 6)
        #expect(unknown["challenge"]?.string?.contains(#""authrole": "engineer""#) == true)
    }
}
