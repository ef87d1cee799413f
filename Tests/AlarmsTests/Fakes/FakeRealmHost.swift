import ModuleKit
import Synchronization
import WAMP

/// Realms in memory, each with the one session that has joined it last.
final class FakeRealmHost: RealmHost {
    private let open: Mutex<Set<String>>
    private let joined = Mutex<[String: FakeSession]>([:])
    /// Called for every session that joins, before it is handed out.
    private let prepare: @Sendable (FakeSession) -> Void

    init(open: Set<String>, prepare: @escaping @Sendable (FakeSession) -> Void = { _ in }) {
        self.open = Mutex(open)
        self.prepare = prepare
    }

    func session(in realm: String) -> FakeSession? { joined.withLock { $0[realm] } }

    func open(_ definition: RealmDefinition) async { open.withLock { _ = $0.insert(definition.uri) } }
    func admit(_ realm: String) async {}
    func close(_ realm: String) async { open.withLock { _ = $0.remove(realm) } }
    func disconnect(_ owner: SessionOwner, realm: String?, reason: ErrorURI) async {}

    func join(_ realm: String, as principal: Principal) async throws(WAMPError) -> any ClientSession {
        guard open.withLock({ $0.contains(realm) }) else { throw WAMPError(.noSuchRealm) }
        let session = FakeSession(realm: realm)
        prepare(session)
        joined.withLock { $0[realm] = session }
        return session
    }
}

/// No HTTP in these tests.
struct NoRoutes: HTTPRoutes {
    func on(_ method: String, _ path: String, _ answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse) {}
}
