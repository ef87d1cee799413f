// A realm in memory, for one session: what it publishes is kept, what it subscribes to can be emitted, what it
// registers can be called, and what it calls is answered by the test.

import ModuleKit
import Synchronization
import WAMP

final class FakeSession: ClientSession {
    typealias Callee = @Sendable (Payload) throws(WAMPError) -> Payload

    struct Publication: Sendable {
        var topic: String
        var arguments: [Value]
        var argumentsKw: [String: Value]
    }

    private struct State {
        var nextID: UInt64 = 1
        var subscribers: [SubscriptionID: (topic: String, receive: @Sendable (Event) -> Void)] = [:]
        var callees: [String: @Sendable (Invocation) -> Void] = [:]
        var remotes: [String: Callee] = [:]
        var publications: [Publication] = []
        var hasLeft = false
    }

    let id = SessionID(1)
    let realm: String
    private let state = Mutex(State())

    init(realm: String) { self.realm = realm }

    // MARK: What the test does

    /// Answers the session's calls of a procedure.
    func answer(_ procedure: String, _ callee: @escaping Callee) { state.withLock { $0.remotes[procedure] = callee } }

    func emit(_ topic: String, _ payload: Payload) {
        let subscribers = state.withLock { $0.subscribers.filter { $0.value.topic == topic } }
        for (subscription, subscriber) in subscribers {
            subscriber.receive(
                Event(subscription: subscription, publication: PublicationID(1), topic: topic, payload: payload))
        }
    }

    /// Calls what the session has registered.
    func invoke(
        _ procedure: String, _ argumentsKw: [String: Value] = [:], as authid: String = "anna",
        role: String = "operator"
    ) async throws(WAMPError) -> Value {
        let answer = FakeResponder()
        let callee = state.withLock { $0.callees[procedure] }
        guard let callee else { throw WAMPError(.noSuchProcedure) }
        callee(
            Invocation(
                request: RequestID(1), registration: RegistrationID(1), procedure: procedure, callerAuthID: authid,
                callerAuthRole: role, payload: Payload([], argumentsKw), responder: answer))
        return try await answer.result()
    }

    var publications: [Publication] { state.withLock { $0.publications } }
    var topics: Set<String> { state.withLock { Set($0.subscribers.values.map(\.topic)) } }
    var procedures: Set<String> { state.withLock { Set($0.callees.keys) } }
    var hasLeft: Bool { state.withLock { $0.hasLeft } }

    // MARK: ClientSession

    func subscribe(
        _ topic: String, options: SubscribeOptions, _ receive: @escaping @Sendable (Event) -> Void
    ) async throws(WAMPError) -> SubscriptionID {
        state.withLock { state in
            let id = SubscriptionID(state.nextID)
            state.nextID += 1
            state.subscribers[id] = (topic, receive)
            return id
        }
    }

    func unsubscribe(_ subscription: SubscriptionID) async throws(WAMPError) {
        state.withLock { $0.subscribers[subscription] = nil }
    }

    func publish(_ topic: String, _ payload: Payload, options: PublishOptions) {
        let publication = Publication(
            topic: topic, arguments: (try? payload.decodedArguments()) ?? [],
            argumentsKw: (try? payload.decodedArgumentsKw()) ?? [:])
        state.withLock { $0.publications.append(publication) }
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
        state.withLock { $0.callees[procedure] = receive }
        return RegistrationID(1)
    }

    func unregister(_ registration: RegistrationID) async throws(WAMPError) {}

    func call(
        _ procedure: String, _ payload: Payload, options: CallOptions, onProgress: (@Sendable (Payload) -> Void)?
    ) async throws(WAMPError) -> Payload {
        guard let remote = state.withLock({ $0.remotes[procedure] }) else { throw WAMPError(.noSuchProcedure) }
        return try remote(payload)
    }

    func leave(reason: ErrorURI) async { state.withLock { $0.hasLeft = true } }
}

/// Waits for the one answer of an invocation.
final class FakeResponder: InvocationResponder {
    private let answers: AsyncStream<Result<Payload, WAMPError>>
    private let sink: AsyncStream<Result<Payload, WAMPError>>.Continuation

    init() { (answers, sink) = AsyncStream.makeStream() }

    func yield(_ payload: Payload, for request: RequestID) { sink.yield(.success(payload)) }
    func progress(_ payload: Payload, for request: RequestID) async throws(WAMPError) {}
    func fail(_ error: WAMPError, for request: RequestID) { sink.yield(.failure(error)) }

    /// The answer's first argument.
    func result() async throws(WAMPError) -> Value {
        for await answer in answers {
            let payload = try answer.get()
            return (try? payload.decodedArguments().first) ?? .null
        }
        return .null
    }
}
