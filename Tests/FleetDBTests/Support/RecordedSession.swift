import ModuleKit
import Synchronization
import WAMP

/// A session that keeps what is done with it, and hands over what a router would.
final class RecordedSession: ClientSession, InvocationResponder {
    enum Act: Sendable, Equatable {
        case publish(String, [Value], excludes: [String])
        case yield(UInt64, [Value])
        case progress(UInt64, [Value])
        case fail(UInt64, ErrorURI, [Value])
        case pause(Bool)
    }

    private struct State {
        var acts: [Act] = []
        var procedures: [String: @Sendable (Invocation) -> Void] = [:]
        var subscriptions: [String: @Sendable (Event) -> Void] = [:]
        var lastRequest: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var answered: Set<UInt64> = []
        var hasLeft = false
        var interruptsAtProgress = false
    }

    let id: SessionID
    let realm: String
    /// Answers the session's own calls.
    let callee: @Sendable (String, Payload) -> Result<Payload, WAMPError>
    private let state = Mutex(State())

    init(
        realm: String, id: UInt64 = 1,
        callee: @escaping @Sendable (String, Payload) -> Result<Payload, WAMPError> = { _, _ in
            .failure(WAMPError(.noSuchProcedure))
        }
    ) {
        self.realm = realm
        self.id = SessionID(id)
        self.callee = callee
    }

    var acts: [Act] { state.withLock { $0.acts } }
    var procedures: Set<String> { state.withLock { Set($0.procedures.keys) } }
    var topics: Set<String> { state.withLock { Set($0.subscriptions.keys) } }
    var hasLeft: Bool { state.withLock { $0.hasLeft } }

    /// The arguments of every event that was published on a topic.
    func events(_ topic: String) -> [[Value]] {
        acts.compactMap { if case .publish(topic, let arguments, _) = $0 { arguments } else { nil } }
    }

    /// Whoever sends a progressive result is interrupted: as if its caller had canceled then.
    func interruptAtProgress() { state.withLock { $0.interruptsAtProgress = true } }

    // MARK: The router's part

    /// Calls a registered procedure; returns when it is answered, with everything that was answered.
    func invoke(
        _ procedure: String, _ payload: Payload, authid: String? = nil, authrole: String? = nil, progress: Bool = false
    ) async -> [Act] {
        let request = await begin(procedure, payload, authid: authid, authrole: authrole, progress: progress)
        await withCheckedContinuation { continuation in
            let isAnswered = state.withLock { state in
                if !state.answered.contains(request) { state.waiters[request] = continuation }
                return state.answered.contains(request)
            }
            if isAnswered { continuation.resume() }
        }
        return acts.filter { $0.request == request }
    }

    /// Calls a registered procedure and does not wait.
    @discardableResult
    func begin(
        _ procedure: String, _ payload: Payload, authid: String? = nil, authrole: String? = nil, progress: Bool = false
    ) async -> UInt64 {
        let (request, handler) = state.withLock { state in
            state.lastRequest += 1
            return (state.lastRequest, state.procedures[procedure])
        }
        guard let handler else {
            fail(WAMPError(.noSuchProcedure), for: RequestID(request))
            return request
        }
        handler(
            Invocation(
                request: RequestID(request), registration: RegistrationID(1), procedure: procedure,
                caller: SessionID(77), callerAuthID: authid, callerAuthRole: authrole, receiveProgress: progress,
                payload: payload, responder: self))
        return request
    }

    func deliver(_ topic: String, _ payload: Payload, authid: String? = nil) {
        let handler = state.withLock { $0.subscriptions[topic] }
        handler?(
            Event(
                subscription: SubscriptionID(1), publication: PublicationID(1), topic: topic,
                publisher: SessionID(78), publisherAuthID: authid, payload: payload))
    }

    // MARK: ClientSession

    func subscribe(
        _ topic: String, options: SubscribeOptions, _ receive: @escaping @Sendable (Event) -> Void
    ) async throws(WAMPError) -> SubscriptionID {
        state.withLock { $0.subscriptions[topic] = receive }
        return SubscriptionID(1)
    }

    func unsubscribe(_ subscription: SubscriptionID) async throws(WAMPError) {}

    func publish(_ topic: String, _ payload: Payload, options: PublishOptions) {
        let arguments = (try? payload.decodedArguments()) ?? [.string("not decodable")]
        state.withLock { $0.acts.append(.publish(topic, arguments, excludes: options.excludeAuthRole)) }
    }

    func publishAcknowledged(
        _ topic: String, _ payload: Payload, options: PublishOptions
    ) async throws(WAMPError) -> PublicationID {
        publish(topic, payload, options: options)
        return PublicationID(1)
    }

    func register(
        _ procedure: String, options: RegisterOptions, _ receive: @escaping @Sendable (Invocation) -> Void
    ) async throws(WAMPError) -> RegistrationID {
        let isTaken = state.withLock { state in
            defer { state.procedures[procedure] = receive }
            return state.procedures[procedure] != nil
        }
        if isTaken { throw WAMPError(.procedureAlreadyExists) }
        return RegistrationID(1)
    }

    func unregister(_ registration: RegistrationID) async throws(WAMPError) {}

    func call(
        _ procedure: String, _ payload: Payload, options: CallOptions, onProgress: (@Sendable (Payload) -> Void)?
    ) async throws(WAMPError) -> Payload {
        try callee(procedure, payload).get()
    }

    func pauseReceiving(_ isPaused: Bool) {
        state.withLock { $0.acts.append(.pause(isPaused)) }
    }

    func leave(reason: ErrorURI) async {
        state.withLock { $0.hasLeft = true }
    }

    // MARK: InvocationResponder

    func yield(_ payload: Payload, for request: RequestID) {
        answer(request, .yield(request.rawValue, (try? payload.decodedArguments()) ?? [.string("not decodable")]))
    }

    func progress(_ payload: Payload, for request: RequestID) async throws(WAMPError) {
        let arguments = (try? payload.decodedArguments()) ?? [.string("not decodable")]
        let isInterrupted = state.withLock { state in
            state.acts.append(.progress(request.rawValue, arguments))
            return state.interruptsAtProgress
        }
        if isInterrupted { withUnsafeCurrentTask { $0?.cancel() } }
    }

    func fail(_ error: WAMPError, for request: RequestID) {
        answer(request, .fail(request.rawValue, error.uri, (try? error.payload.decodedArguments()) ?? []))
    }

    private func answer(_ request: RequestID, _ act: Act) {
        let waiter = state.withLock { state in
            state.acts.append(act)
            state.answered.insert(request.rawValue)
            return state.waiters.removeValue(forKey: request.rawValue)
        }
        waiter?.resume()
    }
}

extension RecordedSession.Act {
    var request: UInt64? {
        switch self {
        case .yield(let request, _), .progress(let request, _), .fail(let request, _, _): request
        case .publish, .pause: nil
        }
    }

    /// The arguments of a RESULT.
    var result: [Value]? { if case .yield(_, let arguments) = self { arguments } else { nil } }
    /// The URI of an ERROR.
    var error: ErrorURI? { if case .fail(_, let uri, _) = self { uri } else { nil } }
    var reason: String? { if case .fail(_, _, let arguments) = self { arguments.first?.string } else { nil } }
}

/// Gives out recorded sessions.
final class RecordedHost: RealmHost {
    let sessions = Mutex<[String: RecordedSession]>([:])
    private let number = Mutex<UInt64>(1)
    private let callee: @Sendable (String, Payload) -> Result<Payload, WAMPError>

    init(
        callee: @escaping @Sendable (String, Payload) -> Result<Payload, WAMPError> = { _, _ in
            .failure(WAMPError(.noSuchProcedure))
        }
    ) {
        self.callee = callee
    }

    /// The session that was joined last in a realm.
    func session(_ realm: String) -> RecordedSession? { sessions.withLock { $0[realm] } }

    func open(_ definition: RealmDefinition) async {}
    func admit(_ realm: String) async {}
    func close(_ realm: String) async {}
    func disconnect(_ owner: SessionOwner, realm: String?, reason: ErrorURI) async {}

    func join(_ realm: String, as principal: Principal) async throws(WAMPError) -> any ClientSession {
        let id = number.withLock { number in
            number += 1
            return number
        }
        let session = RecordedSession(realm: realm, id: id, callee: callee)
        sessions.withLock { $0[realm] = session }
        return session
    }
}
