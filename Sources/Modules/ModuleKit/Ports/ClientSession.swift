package import WAMP

/// A joined session, seen from the client's side: how modules, the command line and tests speak WAMP.
///
/// The same interface in this process and over a socket. Handlers run on the session's own queue, one message at a
/// time and in the order the router sent them; they must not block. A handler that has to wait keeps its
/// `Invocation` and answers later, from anywhere.
package protocol ClientSession: Sendable {
    var id: SessionID { get }
    var realm: String { get }

    /// Spec: "Subscribing and Unsubscribing". Throws the router's ERROR.
    func subscribe(
        _ topic: String, options: SubscribeOptions, _ receive: @escaping @Sendable (Event) -> Void
    ) async throws(WAMPError) -> SubscriptionID
    func unsubscribe(_ subscription: SubscriptionID) async throws(WAMPError)

    /// Sends a PUBLISH that is not acknowledged. Returns at once; publications leave in the order of the calls.
    func publish(_ topic: String, _ payload: Payload, options: PublishOptions)
    /// Sends a PUBLISH and awaits the broker's PUBLISHED, which promises routing and nothing else.
    func publishAcknowledged(
        _ topic: String, _ payload: Payload, options: PublishOptions
    ) async throws(WAMPError) -> PublicationID

    /// Spec: "Registering and Unregistering". Throws the router's ERROR.
    func register(
        _ procedure: String, options: RegisterOptions, _ receive: @escaping @Sendable (Invocation) -> Void
    ) async throws(WAMPError) -> RegistrationID
    func unregister(_ registration: RegistrationID) async throws(WAMPError)

    /// Calls and awaits the final RESULT; progressive ones go to `onProgress`, in order, before this returns.
    /// Cancelling the task sends CANCEL.
    func call(
        _ procedure: String, _ payload: Payload, options: CallOptions,
        onProgress: (@Sendable (Payload) -> Void)?
    ) async throws(WAMPError) -> Payload

    /// Stops receiving, or goes on. What comes meanwhile waits at the router, which reads no more from those who send
    /// it once the session's outbox is full. What has been received already may still be handed over.
    func pauseReceiving(_ isPaused: Bool)

    /// Says GOODBYE and waits for the answer.
    func leave(reason: ErrorURI) async
}

extension ClientSession {
    /// A session that cannot: over a socket, say, where nobody needs it yet.
    package func pauseReceiving(_ isPaused: Bool) {}

    package func call(_ procedure: String, _ payload: Payload = .none) async throws(WAMPError) -> Payload {
        try await call(procedure, payload, options: CallOptions(), onProgress: nil)
    }

    package func publish(_ topic: String, _ payload: Payload) {
        publish(topic, payload, options: PublishOptions())
    }
}

extension Payload {
    /// No arguments at all.
    package static let none = Payload(serializer: .messagePack)
}

/// An ERROR, ABORT or lost connection, by its URI and with its arguments.
package struct WAMPError: Error, Sendable, Hashable {
    package var uri: ErrorURI
    package var payload: Payload

    package init(_ uri: ErrorURI, _ payload: Payload = .none) {
        self.uri = uri
        self.payload = payload
    }
}

/// An EVENT as its subscriber receives it.
package struct Event: Sendable {
    package var subscription: SubscriptionID
    package var publication: PublicationID
    /// The topic; the broker says it for pattern subscriptions, the session fills it in for exact ones.
    package var topic: String
    package var publisher: SessionID?
    package var publisherAuthID: String?
    package var publisherAuthRole: String?
    package var retained: Bool
    package var payload: Payload

    package init(
        subscription: SubscriptionID, publication: PublicationID, topic: String, publisher: SessionID? = nil,
        publisherAuthID: String? = nil, publisherAuthRole: String? = nil, retained: Bool = false, payload: Payload
    ) {
        self.subscription = subscription
        self.publication = publication
        self.topic = topic
        self.publisher = publisher
        self.publisherAuthID = publisherAuthID
        self.publisherAuthRole = publisherAuthRole
        self.retained = retained
        self.payload = payload
    }
}

/// An INVOCATION as its callee receives it; answer it exactly once with `yield` or `fail`.
package struct Invocation: Sendable {
    package var request: RequestID
    package var registration: RegistrationID
    /// The procedure; the dealer says it for pattern registrations, the session fills it in for exact ones.
    package var procedure: String
    package var caller: SessionID?
    package var callerAuthID: String?
    package var callerAuthRole: String?
    /// The caller asked for progressive results, and `progress` may be called.
    package var receiveProgress: Bool
    package var payload: Payload
    package var responder: any InvocationResponder

    package init(
        request: RequestID, registration: RegistrationID, procedure: String, caller: SessionID? = nil,
        callerAuthID: String? = nil, callerAuthRole: String? = nil, receiveProgress: Bool = false, payload: Payload,
        responder: any InvocationResponder
    ) {
        self.request = request
        self.registration = registration
        self.procedure = procedure
        self.caller = caller
        self.callerAuthID = callerAuthID
        self.callerAuthRole = callerAuthRole
        self.receiveProgress = receiveProgress
        self.payload = payload
        self.responder = responder
    }

    /// The final YIELD.
    package func yield(_ payload: Payload) { responder.yield(payload, for: request) }
    /// A progressive YIELD. Returns when the caller's side can take the next one.
    package func progress(_ payload: Payload) async throws(WAMPError) {
        try await responder.progress(payload, for: request)
    }
    /// The ERROR that ends the call.
    package func fail(_ error: WAMPError) { responder.fail(error, for: request) }

    /// Runs what answers, which may take its time, in a task of its own. The task is cancelled when the dealer interrupts
    /// the invocation, because its caller has canceled it or has left; it answers then with `wamp.error.canceled`, or with
    /// what it has finished all the same. To be called by the handler itself, before it returns.
    ///
    /// Spec: "Call Canceling".
    package func answer(_ body: @escaping @Sendable () async -> Void) { responder.answer(request, body) }
}

/// Where an `Invocation` sends its answers.
package protocol InvocationResponder: Sendable {
    func yield(_ payload: Payload, for request: RequestID)
    func progress(_ payload: Payload, for request: RequestID) async throws(WAMPError)
    func fail(_ error: WAMPError, for request: RequestID)
    /// Runs `body` in a task that an INTERRUPT of the request cancels.
    func answer(_ request: RequestID, _ body: @escaping @Sendable () async -> Void)
}

extension InvocationResponder {
    /// Where nothing interrupts.
    package func answer(_ request: RequestID, _ body: @escaping @Sendable () async -> Void) { Task { await body() } }
}
