package import ModuleKit
package import NIOCore
import Synchronization
package import WAMP

/// A joined session's client side: requests out, answers, events and invocations in. Carried by any transport.
///
/// The transport gives it whole messages through `receive`, in order and one at a time, and takes whole messages
/// from it through `send`. Handlers are called from `receive`, so that what the router ordered stays ordered.
package final class Client: ClientSession, Sendable {
    package let id: SessionID
    package let realm: String
    private let serializer: Serializer
    private let send: @Sendable (ByteBuffer) -> Void
    private let drained: (@Sendable (RequestID) async -> Void)?
    private let pause: (@Sendable (Bool) -> Void)?
    private let state: Mutex<ClientState>

    /// - Parameters:
    ///   - send: takes one encoded message; must keep their order and must not block.
    ///   - drained: returns when the caller of an invocation can take more progress; nil where nobody can say.
    ///   - pause: stops the transport from calling `receive`, or lets it go on; nil where it cannot.
    package init(
        id: SessionID, realm: String, serializer: Serializer, drained: (@Sendable (RequestID) async -> Void)? = nil,
        pause: (@Sendable (Bool) -> Void)? = nil,
        send: @escaping @Sendable (ByteBuffer) -> Void
    ) {
        self.id = id
        self.realm = realm
        self.serializer = serializer
        self.send = send
        self.drained = drained
        self.pause = pause
        state = Mutex(ClientState(serializer: serializer))
    }

    /// Waits until the session has ended, and tells why.
    package func ended() async -> WAMPError {
        await withCheckedContinuation { continuation in
            let ending = state.withLock { state -> WAMPError? in
                if state.ending == nil { state.endWaiters.append(continuation) }
                return state.ending
            }
            if let ending { continuation.resume(returning: ending) }
        }
    }

    // MARK: Publish and subscribe

    package func subscribe(
        _ topic: String, options: SubscribeOptions, _ receive: @escaping @Sendable (Event) -> Void
    ) async throws(WAMPError) -> SubscriptionID {
        let purpose = Purpose.subscribe(topic: topic, receive)
        let reply = try await request(.subscribe, options.dictionary, topic, purpose)
        return SubscriptionID(reply.id)
    }

    package func unsubscribe(_ subscription: SubscriptionID) async throws(WAMPError) {
        _ = try await request(.unsubscribe, subscription.rawValue, .unsubscribe(subscription))
    }

    package func publish(_ topic: String, _ payload: Payload, options: PublishOptions) {
        var options = options
        options.acknowledge = false
        state.withLock { state in
            guard state.ending == nil else { return }
            let request = state.nextRequest()
            send(state.encode(.publish, request, options.dictionary, topic, payload))
        }
    }

    package func publishAcknowledged(
        _ topic: String, _ payload: Payload, options: PublishOptions
    ) async throws(WAMPError) -> PublicationID {
        var options = options
        options.acknowledge = true
        return PublicationID(try await request(.publish, options.dictionary, topic, .other, payload).id)
    }

    // MARK: Register and call

    package func register(
        _ procedure: String, options: RegisterOptions, _ receive: @escaping @Sendable (Invocation) -> Void
    ) async throws(WAMPError) -> RegistrationID {
        let purpose = Purpose.register(procedure: procedure, receive)
        let reply = try await request(.register, options.dictionary, procedure, purpose)
        return RegistrationID(reply.id)
    }

    package func unregister(_ registration: RegistrationID) async throws(WAMPError) {
        _ = try await request(.unregister, registration.rawValue, .unregister(registration))
    }

    package func call(
        _ procedure: String, _ payload: Payload, options: CallOptions, onProgress: (@Sendable (Payload) -> Void)?
    ) async throws(WAMPError) -> Payload {
        var options = options
        options.receiveProgress = onProgress != nil
        return try await request(.call, options.dictionary, procedure, .call(onProgress), payload).payload
    }

    package func pauseReceiving(_ isPaused: Bool) { pause?(isPaused) }

    package func leave(reason: ErrorURI) async {
        let isJoined = state.withLock { state in
            guard state.ending == nil else { return false }
            send(state.encode { $0.farewell(.goodbye, reason) })
            return true
        }
        if isJoined { _ = await ended() }
    }

    // MARK: Requests

    private func request(
        _ type: MessageType, _ options: [String: Value], _ uri: String, _ purpose: Purpose, _ payload: Payload = .none
    ) async throws(WAMPError) -> Reply {
        try await request(purpose, cancels: type == .call) { state, request in
            state.encode(type, request, options, uri, payload)
        }
    }

    private func request(_ type: MessageType, _ id: UInt64, _ purpose: Purpose) async throws(WAMPError) -> Reply {
        try await request(purpose, cancels: false) { state, request in
            state.encode { $0.answer(type, request, id) }
        }
    }

    private func request(
        _ purpose: Purpose, cancels: Bool, _ encode: @Sendable (inout ClientState, RequestID) -> ByteBuffer
    ) async throws(WAMPError) -> Reply {
        let ticket = RequestTicket()
        let reply: Swift.Result<Reply, WAMPError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ending = state.withLock { state -> WAMPError? in
                    if let ending = state.ending { return ending }
                    let request = state.nextRequest()
                    ticket.request.withLock { $0 = request }
                    state.pending[request.rawValue] = Pending(purpose: purpose, continuation: continuation)
                    send(encode(&state, request))
                    return nil
                }
                if let ending { continuation.resume(returning: .failure(ending)) }
            }
        } onCancel: {
            guard cancels, let request = ticket.request.withLock({ $0 }) else { return }
            state.withLock { state in
                guard state.pending[request.rawValue] != nil else { return }
                send(state.encode { $0.cancel(request, .killnowait) })
            }
        }
        return try reply.get()
    }

    // MARK: What comes in

    /// Takes one message of the router. Bytes that are none end the session.
    package func receive(_ message: ByteBuffer) {
        let bytes = message.readableBytesUInt8Span
        do throws(WireError) {
            let head = try MessageHead.decode(bytes, serializer)
            try receive(head, bytes)
        } catch {
            end(WAMPError(.protocolViolation, Payload([.string("the router sent what is no message")])))
        }
    }

    private func receive(_ head: MessageHead, _ bytes: Span<UInt8>) throws(WireError) {
        switch head.type {
        case .event: try eventReceived(head, bytes)
        case .invocation: try invocationReceived(head, bytes)
        case .interrupt: state.withLock { $0.answering[head.request] }?.cancel()
        case .result: try resultReceived(head, bytes)
        case .subscribed, .registered, .published, .unsubscribed, .unregistered: answerReceived(head)
        case .error:
            let uri = ErrorURI(String(bytes, head.uri))
            complete(head.request, .failure(WAMPError(uri, Payload(head, bytes, serializer))))
        case .goodbye, .abort:
            if head.type == .goodbye {
                state.withLock { if $0.ending == nil { send($0.encode { $0.farewell(.goodbye, .goodbyeAndOut) }) } }
            }
            end(WAMPError(ErrorURI(String(bytes, head.uri))))
        default: break
        }
    }

    private func eventReceived(_ head: MessageHead, _ bytes: Span<UInt8>) throws(WireError) {
        guard let subscriber = state.withLock({ $0.subscribers[head.id] }) else { return }
        let details = try ReceivedDetails(bytes, head.dictionary, serializer)
        for receive in subscriber.receivers {
            receive(
                Event(
                    subscription: SubscriptionID(head.id), publication: PublicationID(head.request),
                    topic: details.uri ?? subscriber.topic, publisher: details.session,
                    publisherAuthID: details.authid, publisherAuthRole: details.authrole, retained: details.retained,
                    payload: Payload(head, bytes, serializer)))
        }
    }

    private func invocationReceived(_ head: MessageHead, _ bytes: Span<UInt8>) throws(WireError) {
        let request = RequestID(head.request)
        guard let callee = state.withLock({ $0.callees[head.id] }) else {
            return fail(WAMPError(.noSuchRegistration), for: request)
        }
        let details = try ReceivedDetails(bytes, head.dictionary, serializer)
        callee.receive(
            Invocation(
                request: request, registration: RegistrationID(head.id), procedure: details.uri ?? callee.procedure,
                caller: details.session, callerAuthID: details.authid, callerAuthRole: details.authrole,
                receiveProgress: details.receiveProgress, payload: Payload(head, bytes, serializer), responder: self))
    }

    private func resultReceived(_ head: MessageHead, _ bytes: Span<UInt8>) throws(WireError) {
        let isProgress = try ReceivedDetails(bytes, head.dictionary, serializer).progress
        let payload = Payload(head, bytes, serializer)
        guard isProgress else { return complete(head.request, .success(Reply(id: 0, payload: payload))) }
        guard case .call(let onProgress) = state.withLock({ $0.pending[head.request]?.purpose }) else { return }
        onProgress?(payload)
    }

    private func answerReceived(_ head: MessageHead) {
        // The handler is in place before the next message, which may be its first event or invocation.
        state.withLock { state in
            guard let purpose = state.pending[head.request]?.purpose else { return }
            switch purpose {
            case .subscribe(let topic, let receive):
                state.subscribers[head.id, default: ClientSubscriber(topic: topic)].receivers.append(receive)
            case .register(let procedure, let receive):
                state.callees[head.id] = ClientCallee(procedure: procedure, receive: receive)
            case .unsubscribe(let subscription): state.subscribers[subscription.rawValue] = nil
            case .unregister(let registration): state.callees[registration.rawValue] = nil
            case .call, .other: break
            }
        }
        complete(head.request, .success(Reply(id: head.id, payload: .none)))
    }

    private func complete(_ request: UInt64, _ result: Swift.Result<Reply, WAMPError>) {
        let pending = state.withLock { $0.pending.removeValue(forKey: request) }
        pending?.continuation.resume(returning: result)
    }

    /// The transport is gone, or the router has said so: whoever waits is told.
    package func end(_ reason: WAMPError) {
        let (pending, waiters) = state.withLock { state in
            defer {
                state.pending = [:]
                state.endWaiters = []
            }
            guard state.ending == nil else { return ([Pending](), [CheckedContinuation<WAMPError, Never>]()) }
            state.ending = reason
            return (Array(state.pending.values), state.endWaiters)
        }
        for one in pending { one.continuation.resume(returning: .failure(reason)) }
        for waiter in waiters { waiter.resume(returning: reason) }
    }
}

extension Client: InvocationResponder {
    package func yield(_ payload: Payload, for request: RequestID) {
        yield(payload, YieldOptions(), request)
    }

    package func progress(_ payload: Payload, for request: RequestID) async throws(WAMPError) {
        if let ending = state.withLock({ $0.ending }) { throw ending }
        yield(payload, YieldOptions(progress: true), request)
        await drained?(request)
    }

    package func fail(_ error: WAMPError, for request: RequestID) {
        state.withLock { state in
            guard state.ending == nil else { return }
            send(
                state.encode(error.payload) {
                    $0.error(.invocation, request, error.uri, YieldOptions(), $1, $2)
                })
        }
    }

    package func answer(_ request: RequestID, _ body: @escaping @Sendable () async -> Void) {
        // Under the lock, so that the task cannot have ended before it is known.
        state.withLock { state in
            state.answering[request.rawValue] = Task {
                await body()
                self.state.withLock { $0.answering[request.rawValue] = nil }
            }
        }
    }

    private func yield(_ payload: Payload, _ options: YieldOptions, _ request: RequestID) {
        state.withLock { state in
            guard state.ending == nil else { return }
            send(state.encode(payload) { $0.yield(request, options, $1, $2) })
        }
    }
}

/// The request id of a call, for whoever cancels it.
private final class RequestTicket: Sendable {
    let request = Mutex<RequestID?>(nil)
}
