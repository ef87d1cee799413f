import Dispatch
package import Logging
package import ModuleKit
package import NIOCore
import Synchronization
package import WAMP
package import WAMPTransport

/// The router as the rest of the appliance sees it: takes connections, opens realms, lets modules join them.
package final class RouterHost: Sendable {
    let agent: String
    let loops: RouterLoops
    let authenticators: AuthenticatorRegistry
    package let counters = ConnectionCounters()
    private let configuration: RouterConfiguration
    private let connections: [LoopConnections]
    private let realms: Mutex<[String: OpenRealm]>
    /// What realms have done that are closed, so that no total ever falls.
    private let pastRealms = Mutex(RealmCounters())
    private let journal: EventJournal?
    private let authorizers: AuthorizerCalls
    private let dismissals = Mutex<[Dismissal]>([])

    /// That somebody's sessions were ended.
    private struct Dismissal: Sendable {
        var owner: SessionOwner
        /// Nil is all of them.
        var realm: String?
        var moment: NIODeadline
    }

    private struct OpenRealm: Sendable {
        var realm: Realm
        var isAdmitted: Bool
    }

    /// - Parameters:
    ///   - wallClock: seconds since 1970, now.
    ///   - agent: what `WELCOME.Details.agent` says.
    ///   - directory: `<data>/router`, which is there; nil keeps retained events and histories in memory only.
    package init(
        _ configuration: RouterConfiguration, group: any EventLoopGroup, authenticators: AuthenticatorRegistry,
        wallClock: Double, agent: String, directory: String? = nil, logger: Logger = Logger(label: "router")
    ) {
        self.configuration = configuration
        self.authenticators = authenticators
        self.agent = agent
        let loops = RouterLoops(group, wallClock: wallClock)
        self.loops = loops
        connections = (0..<loops.count).map { LoopConnections(loops[$0], configuration.deadlines) }
        realms = Mutex([:])
        journal = directory.map { EventJournal(directory: $0, logger: logger) }
        // A realm of gantry.yml that is not there any more has been taken out by whoever administers. That an app's realm
        // is not open says nothing: its events stay, as its tables do.
        let configured = Set(configuration.realms.keys)
        journal?.forgetRealms { uri in
            !configured.contains(uri) && uri != adminRealm && AppRealm(uri: uri) == nil
        }
        authorizers = AuthorizerCalls(logger: logger)
        for realm in configuration.realms.values {
            let open = makeRealm(realm.definition)
            open.restore()
            realms.withLock { $0[realm.definition.uri] = OpenRealm(realm: open, isAdmitted: true) }
        }
    }

    /// The last thing that is done with a router: what its realms keep is on disk when this returns.
    package func close() async { await journal?.close() }

    /// What all realms have done since the router was made.
    package var realmCounters: RealmCounters {
        realms.withLock { realms in
            var total = pastRealms.withLock { $0 }
            for open in realms.values { total += open.realm.counters }
            return total
        }
    }

    func connections(of loop: any EventLoop) -> LoopConnections { connections[loops.number(of: loop)] }

    /// The realm, if it is open to the network. Whether a realm exists is no secret.
    func admittedRealm(_ uri: String) throws(HandshakeError) -> Realm {
        guard let open = realms.withLock({ $0[uri] }), open.isAdmitted else {
            throw HandshakeError(.noSuchRealm, "no realm \(uri) exists here")
        }
        return open.realm
    }

    /// Whether somebody's sessions were ended since a HELLO: its verdict may be older than that.
    func hasDismissed(_ principal: Principal, in realm: String, since hello: NIODeadline) -> Bool {
        dismissals.withLock { dismissals in
            dismissals.contains { $0.moment >= hello && $0.realm ?? realm == realm && $0.owner.owns(principal) }
        }
    }

    func newSessionID() -> SessionID {
        SessionID(UInt64.random(in: 1...identifierMax))
    }

    /// What a session is resumed with later; nil when sessions end with their connections.
    func newResumeTicket() -> ResumeTicket? {
        guard configuration.limits.resumeWithinMilliseconds > 0 else { return nil }
        var generator = SystemRandomNumberGenerator()
        return ResumeTicket(&generator)
    }

    /// Finds the session that a ticket resumes. Its realm need not be named.
    func resume(
        _ session: SessionID, in uri: String, _ connection: ResumingConnection
    ) -> (realm: Realm, handle: SessionHandle)? {
        let candidates = realms.withLock { realms in
            realms.filter { $0.value.isAdmitted && (uri.isEmpty || $0.key == uri) }.map(\.value.realm)
        }
        for realm in candidates {
            if let handle = realm.resume(session, connection) { return (realm, handle) }
        }
        return nil
    }

    private func realm(_ uri: String) -> Realm? { realms.withLock { $0[uri]?.realm } }

    private func makeRealm(_ definition: RealmDefinition) -> Realm {
        Realm(definition: definition, limits: configuration.limits, loops: loops, journal: journal) { [weak self] in
            guard let self else { return .outage }
            return await self.authorizers.ask($0, in: definition.uri, of: self)
        }
    }
}

extension RouterHost: WAMPConnectionAcceptor {
    package func accept(_ connection: TransportConnection, channel: any Channel) -> (any ChannelInboundHandler)? {
        _ = try? channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 128 << 10, high: 512 << 10))
        return connection.framing.isWebSocket
            ? SessionChannelHandler(self, connection, connection.webSocketParser())
            : SessionChannelHandler(self, connection, connection.rawSocketParser())
    }
}

extension RouterHost: RealmHost {
    package func open(_ definition: RealmDefinition) async {
        let known = realm(definition.uri)
        if let known { return known.apply(definition) }
        let opened = makeRealm(definition)
        // On a thread that may wait for the disk.
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                opened.restore()
                continuation.resume()
            }
        }
        realms.withLock { realms in
            if realms[definition.uri] == nil { realms[definition.uri] = OpenRealm(realm: opened, isAdmitted: false) }
        }
    }

    package func admit(_ realm: String) async {
        realms.withLock { $0[realm]?.isAdmitted = true }
    }

    package func close(_ realm: String) async {
        let closed = realms.withLock { realms in
            let closed = realms.removeValue(forKey: realm)
            if let counters = closed?.realm.counters { pastRealms.withLock { $0 += counters } }
            return closed
        }
        closed?.realm.dismiss(.closeRealm) { _ in true }
        journal?.detach(realm)
    }

    package func join(_ uri: String, as principal: Principal) async throws(WAMPError) -> any ClientSession {
        guard let realm = realm(uri) else {
            throw WAMPError(.noSuchRealm, Payload([.string("no realm \(uri) is open")]))
        }
        let loop = loops[Int.random(in: 0..<loops.count)]
        return LocalLink.join(realm, as: principal, id: newSessionID(), on: loop, number: loops.number(of: loop), agent)
    }

    package func disconnect(_ owner: SessionOwner, realm: String?, reason: ErrorURI) async {
        let now = NIODeadline.now()
        dismissals.withLock { dismissals in
            dismissals.removeAll { now - $0.moment > configuration.deadlines.welcome }
            dismissals.append(Dismissal(owner: owner, realm: realm, moment: now))
        }
        let affected = realms.withLock { realms in realm.map { [realms[$0]] } ?? realms.values.map { $0 } }
        for case .some(let open) in affected { open.realm.dismiss(reason) { owner.owns($0) } }
    }
}

/// What happened to connections. `gantry.status` shows it, with what the realms have done.
package struct ConnectionCounters: Sendable {
    package let framingViolations = Counter()
    package let slowConsumers = Counter()
    package let lostPeers = Counter()
}

/// A number that only grows.
package final class Counter: Sendable {
    private let value = Atomic<UInt64>(0)
    init() {}
    func add(_ amount: UInt64) { value.wrappingAdd(amount, ordering: .relaxed) }
    package var current: UInt64 { value.load(ordering: .relaxed) }
}
