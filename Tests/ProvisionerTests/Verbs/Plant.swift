import Authentication
import Crypto
import Foundation
import Logging
import ModuleKit
import NIOPosix
import Router
import ServiceLifecycle
import Synchronization
import Testing
import WAMP

@testable import Credentials
@testable import Provisioner

/// Router, credentials and provisioner as they stand in the appliance, without its sockets.
final class Plant: Sendable {
    let directory: Directory
    let router: RouterHost
    let authenticators = AuthenticatorRegistry()
    /// Whoever is at the unix socket.
    let administrator: any ClientSession
    let fleetDB: FleetDBStandIn
    /// Moves the clock of credentials alone.
    let clock: AdjustableClock
    private let modules: (CredentialsModule, ProvisionerModule)
    private let services: [Task<Void, any Error>]

    static let template = """
        data:
          tables:
            - tablename: readings
              columns:
                - {id: tsp, name: Time, description: when, dataType: timestamp}
                - {id: value, name: Value, description: what, dataType: numeric}
        """

    init(_ directory: Directory, fleetDB: FleetDBStandIn = .init()) async throws {
        self.directory = directory
        self.fleetDB = fleetDB
        clock = AdjustableClock()
        router = RouterHost(
            RouterConfiguration(), group: MultiThreadedEventLoopGroup.singleton, authenticators: authenticators,
            wallClock: Date().timeIntervalSince1970, agent: "test")
        let attempts = AttemptJudge(AttemptPolicy(refusalDelay: .zero), time: clock.source, logger: silence)
        let context = { [router, authenticators] (module: String) in
            ModuleContext(
                directory: "\(directory.path)/\(module)", keysDirectory: "\(directory.path)/keys", logger: silence,
                realms: router, http: NoRoutes(), authenticators: authenticators,
                attempts: attempts)
        }
        let credentials = CredentialsModule(
            CredentialsConfiguration(), context("credentials"), clock.source,
            .init(logRounds: 2, blockSize: 1, parallelism: 1))
        try await credentials.prepare()
        try await fleetDB.join(router)
        let provisioner = try ProvisionerModule(configuration: (), context: context("provisioner"))
        try await provisioner.prepare()
        modules = (credentials, provisioner)
        services = (credentials.services + provisioner.services).map { service in Task { try await service.run() } }

        let executable = try await router.join(adminRealm, as: .service("gantry"))
        try await executable.serve("gantry.status", logger: silence) { _ in
            ["device_endpoint_url": "wss://10.0.0.5:8443/", "ca_file": "/etc/gantry/ca.pem"]
        }
        administrator = try await router.join(adminRealm, as: .unixRoot)
    }

    /// As `serve` ends: the databases are closed.
    func stop() async {
        for service in services {
            service.cancel()
            _ = await service.result
        }
    }

    func ask(_ verb: String, _ argumentsKw: [String: Value] = [:]) async throws -> Value {
        try await administrator.ask("gantry.\(verb)", argumentsKw)
    }

    /// Project 3, app 5, device SER-1, nothing installed.
    func furnish() async throws -> (serial: String, secret: String) {
        _ = try await ask("project.add", ["name": "hall", "key": 3])
        _ = try await ask(
            "app.add", ["project": "hall", "name": "press", "key": 5, "template": .string(Self.template)])
        let device = try await ask("device.add", ["project": "hall", "name": "left press", "serial": "SER-1"])
        return ("SER-1", try #require(device["secret"]?.string))
    }

    @discardableResult
    func install(_ device: String = "left press", _ stage: Stage = .prod) async throws -> Value {
        try await ask(
            "app.install",
            ["project": "hall", "app": "press", "device": .string(device), "stage": .string(stage.rawValue)])
    }

    /// A handshake as the network makes it; nil when it is refused.
    func join(
        _ realm: String, _ method: String, _ authid: String, _ secret: String
    ) async throws -> (any ClientSession)? {
        let request = AuthenticationRequest(
            realm: realm, session: SessionID(1), authmethods: [method], authid: authid, authrole: nil, authextra: [:],
            peer: PeerIdentity(address: "10.0.0.9", isLoopback: false, isEncrypted: true))
        let authenticator = try #require(authenticators.authenticator(for: realm))
        guard case .challenge(_, let extra, let answer) = await authenticator.authenticate(request) else { return nil }
        let signature =
            if let challenge = extra["challenge"]?.string { HMACSignature.of(challenge, secret) } else { secret }
        guard case .welcome(let principal) = await answer(signature, [:]) else { return nil }
        return try await router.join(realm, as: principal)
    }

    /// The events of a topic, in order.
    func events(_ topic: String) async throws -> EventStream {
        let stream = EventStream()
        _ = try await administrator.subscribe(topic, options: SubscribeOptions()) { event in
            stream.append((try? event.payload.decodedArgumentsKw()) ?? [:])
        }
        return stream
    }

    /// Makes an account and answers with a session of it in the admin realm.
    func person(_ name: String, _ role: Role, project: String? = nil) async throws -> any ClientSession {
        var account: [String: Value] = [
            "name": .string(name), "role": .string(role.rawValue), "password": "four words make one",
        ]
        account["project"] = project.map(Value.string)
        let scope = try await ask("user.add", account)["swarm_key"]?.integer
        return try await router.join(
            adminRealm,
            as: Principal(
                authid: name, authrole: role.rawValue, authmethod: "ticket", authprovider: "gantry",
                permissions: RolePermissions.administration(role, scope: scope)))
    }
}

extension Principal {
    static func service(_ authid: String) -> Principal {
        Principal(
            authid: authid, authrole: "service", authmethod: "internal", authprovider: "gantry",
            permissions: .unrestricted)
    }

    static let unixRoot = Principal(
        authid: "unix:0", authrole: "admin", authmethod: "unix", authprovider: "gantry",
        permissions: RolePermissions.administration(.admin))
}

/// What the provisioner sees of FleetDB.
final class FleetDBStandIn: Sendable {
    private struct State {
        var prepared: [(String, Value)] = []
        var refusal: String?
    }
    private let state = Mutex(State())

    /// The realms that were to be prepared, with their templates.
    var prepared: [(realm: String, template: Value)] { state.withLock { $0.prepared } }

    func refuse(_ sentence: String?) { state.withLock { $0.refusal = sentence } }

    func join(_ router: RouterHost) async throws {
        let session = try await router.join(adminRealm, as: .service("fleetdb"))
        _ = try await session.register("fleetdb.realm.prepare", options: RegisterOptions()) { [self] invocation in
            let arguments = (try? invocation.payload.decodedArguments()) ?? []
            guard arguments.count == 2, let realm = arguments[0].string else {
                return invocation.fail(WAMPError(.invalidArgument, "expected a realm and a template"))
            }
            if let sentence = state.withLock({ $0.refusal }) {
                return invocation.fail(WAMPError(.invalidArgument, sentence))
            }
            state.withLock { $0.prepared.append((realm, arguments[1])) }
            invocation.yield(.none)
        }
    }
}

/// Events, to be waited for.
final class EventStream: Sendable {
    private let stream: AsyncStream<[String: Value]>
    private let continuation: AsyncStream<[String: Value]>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func append(_ event: [String: Value]) { continuation.yield(event) }

    /// The next event that fits; nil when none comes within a minute, which a busy machine may need.
    func next(_ isWanted: @escaping @Sendable ([String: Value]) -> Bool) async -> [String: Value]? {
        await withTaskGroup(of: [String: Value]?.self) { group in
            group.addTask {
                for await event in self.stream where isWanted(event) { return event }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(60))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

/// The machine's clock, and so much more.
final class AdjustableClock: Sendable {
    private let offset = Mutex<Int64>(0)

    func advance(seconds: Int64) { offset.withLock { $0 += seconds } }

    var source: TimeAndChance {
        var source = TimeAndChance.system
        source.wallSeconds = { [self] in Int64(Date().timeIntervalSince1970) + offset.withLock { $0 } }
        return source
    }
}

struct NoRoutes: HTTPRoutes {
    func on(_ method: String, _ path: String, _ answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse) {}
}

/// A client's side of WAMP-CRA.
enum HMACSignature {
    static func of(_ challenge: String, _ secret: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(challenge.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return Data(code).base64EncodedString()
    }
}

extension WAMPError {
    /// The field that the error is about.
    var field: String? { (try? payload.decodedArgumentsKw())?["field"]?.string }
}

/// The error that something throws; nil when it throws none.
func failure<T>(_ work: () async throws -> T) async -> WAMPError? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error as? WAMPError
    }
}
