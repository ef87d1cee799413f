import Authentication
import Crypto
import Foundation
import Logging
import ModuleKit
import Synchronization
import WAMP

@testable import Credentials

/// Time that stands still until a test moves it, and chance that can be foreseen.
final class ManualTime: Sendable {
    private struct State {
        var wall: Int64 = 1_795_233_600
        var monotonic: Duration = .zero
        var slept: [Duration] = []
        var drawn: UInt8 = 0
    }
    private let state = Mutex(State())

    var slept: [Duration] { state.withLock { $0.slept } }

    func advance(seconds: Int64) {
        state.withLock {
            $0.wall += seconds
            $0.monotonic += .seconds(seconds)
        }
    }

    /// Each call draws other bytes.
    var source: TimeAndChance {
        TimeAndChance(
            wallSeconds: { self.state.withLock { $0.wall } }, monotonic: { self.state.withLock { $0.monotonic } },
            randomBytes: { count in
                self.state.withLock { state in
                    (0..<count).map { _ in
                        state.drawn = state.drawn &* 5 &+ 113
                        return state.drawn
                    }
                }
            },
            sleep: { duration in
                self.state.withLock {
                    $0.slept.append(duration)
                    $0.monotonic += duration
                }
            })
    }
}

/// A directory that goes away with the test.
final class Directory: Sendable {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "credentials-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path + "/keys", withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var keys: String { path + "/keys" }

    /// Every byte of every file.
    func contents() throws -> [(String, Data)] {
        try FileManager.default.subpathsOfDirectory(atPath: path).compactMap { name in
            FileManager.default.contents(atPath: path + "/" + name).map { (name, $0) }
        }
    }
}

let silence = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension PasswordHash.Cost {
    /// Enough to be scrypt, too little to wait for.
    static let token = PasswordHash.Cost(logRounds: 2, blockSize: 1, parallelism: 1)
}

/// Everything that a handshake needs, with a plant of two projects, four devices and four people.
struct Workshop: Sendable {
    let directory: Directory
    let time = ManualTime()
    let store: CredentialStore
    let tokens: SessionTokens
    let expiry: TokenExpiry
    let judge: AttemptJudge
    let hasher = PasswordHasher(cost: .token)
    let signIn: SignIn
    /// Names whose sessions were ended.
    let disconnected = Record<String>()

    static let password = "four words make one"
    static let limits = AttemptLimiter.Limits()

    init() async throws {
        directory = try Directory()
        let source = time.source
        store = try CredentialStore(
            path: directory.path + "/credentials.db", sealingKey: SealingKey(Array(repeating: 7, count: 32)),
            keyPath: directory.keys + "/credentials.key", logger: silence)
        tokens = SessionTokens(
            signer: TokenSigner(Array(repeating: 9, count: 32)), store: store, time: source, lifetimeSeconds: 3600)
        expiry = TokenExpiry(time: source, disconnect: { [disconnected] in disconnected.append($0) })
        judge = AttemptJudge(AttemptPolicy(limits: Self.limits), time: source, logger: silence)
        signIn = SignIn(
            store: store, tokens: tokens, judge: judge, hasher: hasher, time: source,
            disconnect: { [disconnected] in disconnected.append($0) })
        let hash = try PasswordHash(password: Self.password, salt: source.randomBytes(16), cost: .token)
        for (name, role, scope) in [
            ("vera", Role.viewer, nil), ("oskar", .operator, 3), ("erna", .engineer, 4), ("ada", .admin, nil),
        ] as [(String, Role, Int64?)] {
            let person = Person(
                name: name, role: role, swarmKey: scope, isLocked: false, mustChangePassword: false,
                generation: source.generation())
            try await store.add(person, password: hash, at: 0)
        }
        for device in Self.devices.keys {
            let secrets = DeviceSecrets(secret: "secret-of-\(device)", appKeyMaterial: "material-of-\(device)")
            try await store.put(secrets, for: device, at: 0)
        }
    }

    /// Realm 3-5-prod: SER-1, SER-2. Realm 3-5-dev: SER-1. Realm 3-6-prod: SER-2. Realm 4-5-prod: SER-3.
    /// SER-4 is installed like SER-1, but disabled.
    static let devices: [String: DeviceFacts] = {
        func install(_ app: Int64, _ stage: Stage, epoch: Int64 = 2) -> DeviceFacts.Install {
            .init(appKey: app, stage: stage, epoch: epoch, rotatedAt: 1_795_233_600 - 60)
        }
        let all = [
            DeviceFacts(
                serial: "SER-1", deviceKey: 7, swarmKey: 3, isDisabled: false,
                installs: [install(5, .prod), install(5, .dev)]),
            DeviceFacts(
                serial: "SER-2", deviceKey: 8, swarmKey: 3, isDisabled: false,
                installs: [install(5, .prod), install(6, .prod)]),
            DeviceFacts(
                serial: "SER-3", deviceKey: 9, swarmKey: 4, isDisabled: false, installs: [install(5, .prod)]),
            DeviceFacts(
                serial: "SER-4", deviceKey: 10, swarmKey: 3, isDisabled: true, installs: [install(5, .prod)]),
        ]
        return Dictionary(all.map { ($0.serial, $0) }, uniquingKeysWith: { $1 })
    }()

    static let realms = ["realm-3-5-prod", "realm-3-5-dev", "realm-3-6-prod", "realm-4-5-prod", "gantry.admin"]

    func authenticator(
        _ policy: CredentialAuthenticator.Policy = .init(), isLocalAdministrator: Bool = false
    ) -> CredentialAuthenticator {
        CredentialAuthenticator(
            policy: policy, store: store, tokens: tokens, expiry: expiry, judge: judge, time: time.source,
            devices: { Self.devices[$0] }, isLocalAdministrator: { _ in isLocalAdministrator }, logger: silence)
    }

    func token(of name: String) async throws -> String {
        try await signIn.signIn(name: name, password: Self.password, address: "10.0.0.\(name.count)").token
    }
}

/// A list that closures append to.
final class Record<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    var all: [Element] { elements.withLock { $0 } }
    func append(_ element: Element) { elements.withLock { $0.append(element) } }
}

/// Where a handshake ended.
enum Outcome: Sendable, Equatable {
    case welcome(Principal)
    case denied(ErrorURI, String)

    var principal: Principal? { if case .welcome(let principal) = self { principal } else { nil } }

    static let refused = Outcome.denied(.authenticationFailed, AttemptJudge.refusal)
}

extension CredentialAuthenticator {
    private static func signature(_ challenge: String, _ secret: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(challenge.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return Data(code).base64EncodedString()
    }

    /// A whole handshake from a client's side.
    ///
    /// - Parameter secret: signs a challenge, or is the ticket.
    func join(
        _ realm: String, _ method: String, authid: String?, secret: String = "", address: String = "10.0.0.9",
        unixUser: UInt32? = nil
    ) async throws -> Outcome {
        let request = AuthenticationRequest(
            realm: realm, session: SessionID(12345), authmethods: [method], authid: authid, authrole: nil,
            authextra: [:],
            peer: PeerIdentity(address: address, isLoopback: false, isEncrypted: true, unixUser: unixUser))
        switch await authenticate(request) {
        case .welcome(let principal): return .welcome(principal)
        case .deny(let uri, let message): return .denied(uri, message)
        case .challenge(let method, let extra, let answer):
            let signature =
                method == "wampcra" ? Self.signature(extra["challenge"]?.string ?? "", secret) : secret
            switch await answer(signature, [:]) {
            case .welcome(let principal): return .welcome(principal)
            case .deny(let uri, let message): return .denied(uri, message)
            case .challenge: throw UnexpectedChallenge()
            }
        }
    }
}

struct UnexpectedChallenge: Error {}
