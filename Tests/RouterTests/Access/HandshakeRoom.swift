import Authentication
import Crypto
import Foundation
import Logging
import ModuleKit
import Synchronization
import Testing
import WAMP

@testable import Router

/// A plain realm that a test has written down, and peers that try to join it. Time stands still but for what is slept.
struct HandshakeRoom {
    let realms: PlainRealms
    let time = StandingTime()
    let authenticators = StandInRealms()

    static let realm = "com.example.plant"
    static let silence = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// - Parameter auth: the lines of the realm's `auth`.
    init(_ auth: String, disclosure: String = "on_request") throws {
        let indented = auth.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n")
        let text = """
            realms:
              \(Self.realm):
                auth:
            \(indented)
                roles:
                  guest: {trustlevel: 1}
                  engineer: {}
            """
        let document = ConfigurationDocument(text: text, file: "g.yml")
        let configuration = RouterConfiguration(from: document.settings)
        try document.check()
        let secret = RouterSecret(Array(repeating: 5, count: 32))
        let source = time.source
        realms = PlainRealms(
            configuration.realms, host: authenticators,
            attempts: AttemptJudge(AttemptPolicy(), time: source, logger: Self.silence), secret: secret, time: source,
            logger: Self.silence)
    }

    static let lan = PeerIdentity(address: "10.0.0.9", isLoopback: false, isEncrypted: true)

    func request(
        _ methods: [String], _ authid: String?, authextra: [String: Value] = [:], peer: PeerIdentity = lan,
        realm: String = realm
    ) -> AuthenticationRequest {
        AuthenticationRequest(
            realm: realm, session: SessionID(12345), authmethods: methods, authid: authid, authrole: nil,
            authextra: authextra, peer: peer)
    }

    /// A handshake from a client's side.
    ///
    /// - Parameter sign: answers each challenge; nil is a client that was not to be challenged.
    func join(
        _ request: AuthenticationRequest, _ sign: ((_ method: String, [String: Value]) throws -> String)? = nil
    ) async throws -> Outcome {
        var step: AuthenticationStep
        if let immediate = realms.immediateStep(request) {
            step = immediate
        } else {
            step = await realms.authenticate(request)
        }
        while case .challenge(let method, let extra, let answer) = step {
            let signer = try #require(sign)
            step = await answer(try signer(method, extra), [:])
        }
        return try Outcome(step)
    }

    func join(_ method: String, _ authid: String?, ticket: String) async throws -> Outcome {
        try await join(request([method], authid)) { _, _ in ticket }
    }

    /// WAMP-CRA with a password, salted or not.
    static func challengeResponse(_ password: String) -> (String, [String: Value]) throws -> String {
        { _, extra in
            var key = password
            if let salt = extra["salt"]?.string, let iterations = extra["iterations"]?.integer,
                let keyLength = extra["keylen"]?.integer
            {
                let salting = ChallengeResponse.Salting(
                    salt: salt, iterations: Int(iterations), keyLength: Int(keyLength))
                key = try #require(salting.key(of: password))
            }
            let challenge = try #require(extra["challenge"]?.string)
            let code = HMAC<SHA256>.authenticationCode(
                for: Data(challenge.utf8), using: SymmetricKey(data: Data(key.utf8)))
            return Data(code).base64EncodedString()
        }
    }
}

/// Where a handshake ended.
enum Outcome: Equatable {
    case welcome(Principal)
    case denied(ErrorURI, String)

    init(_ step: AuthenticationStep) throws {
        switch step {
        case .welcome(let principal): self = .welcome(principal)
        case .deny(let uri, let message): self = .denied(uri, message)
        case .challenge:
            Issue.record("an unanswered challenge")
            self = .denied("test", "")
        }
    }

    var principal: Principal? { if case .welcome(let principal) = self { principal } else { nil } }
    var reason: ErrorURI? { if case .denied(let reason, _) = self { reason } else { nil } }

    static let refused = Outcome.denied(.authenticationFailed, AttemptJudge.refusal)
}

/// Time that moves only when somebody sleeps, and chance that can be foreseen.
final class StandingTime: Sendable {
    private let state = Mutex((monotonic: Duration.zero, drawn: UInt64(1)))

    var now: Duration { state.withLock { $0.monotonic } }
    func advance(_ duration: Duration) { state.withLock { $0.monotonic += duration } }

    var source: TimeAndChance {
        TimeAndChance(
            wallSeconds: { 1_795_233_600 }, monotonic: { self.now },
            randomBytes: { count in
                self.state.withLock { state in
                    (0..<count).map { _ in
                        state.drawn = state.drawn &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        return UInt8(truncatingIfNeeded: state.drawn >> 56)
                    }
                }
            }, sleep: { self.advance($0) })
    }
}

/// Realms where dynamic authenticators are: a closure answers in place of their callee.
final class StandInRealms: RealmHost {
    typealias Answer = @Sendable (_ procedure: String, _ arguments: [Value]) throws(WAMPError) -> Value

    private let state = Mutex((answer: Answer?.none, joins: [String](), isOpen: true))

    var joins: [String] { state.withLock { $0.joins } }
    func answer(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }

    func open(_ definition: RealmDefinition) async {}
    func admit(_ realm: String) async {}
    func close(_ realm: String) async {}
    func disconnect(_ owner: SessionOwner, realm: String?, reason: ErrorURI) async {}

    func join(_ realm: String, as principal: Principal) async throws(WAMPError) -> any ClientSession {
        let answer = state.withLock { state in
            state.joins.append(realm)
            return state.answer
        }
        guard let answer else { throw WAMPError(.noSuchRealm) }
        return Session(id: SessionID(UInt64(joins.count)), realm: realm, answer: answer)
    }

    private struct Session: ClientSession {
        var id: SessionID
        var realm: String
        var answer: Answer

        func call(
            _ procedure: String, _ payload: Payload, options: CallOptions, onProgress: (@Sendable (Payload) -> Void)?
        ) async throws(WAMPError) -> Payload {
            Payload([try answer(procedure, (try? payload.decodedArguments()) ?? [])])
        }

        func subscribe(
            _ topic: String, options: SubscribeOptions, _ receive: @escaping @Sendable (Event) -> Void
        ) async throws(WAMPError) -> SubscriptionID { throw WAMPError(.notAuthorized) }
        func unsubscribe(_ subscription: SubscriptionID) async throws(WAMPError) {}
        func publish(_ topic: String, _ payload: Payload, options: PublishOptions) {}
        func publishAcknowledged(
            _ topic: String, _ payload: Payload, options: PublishOptions
        ) async throws(WAMPError) -> PublicationID { throw WAMPError(.notAuthorized) }
        func register(
            _ procedure: String, options: RegisterOptions, _ receive: @escaping @Sendable (Invocation) -> Void
        ) async throws(WAMPError) -> RegistrationID { throw WAMPError(.notAuthorized) }
        func unregister(_ registration: RegistrationID) async throws(WAMPError) {}
        func leave(reason: ErrorURI) async {}
    }
}
