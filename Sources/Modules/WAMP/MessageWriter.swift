// Messages as bytes, one function for each, named after the message. Spec: WAMP-04 "Message Definitions".
//
// A payload is spliced in as it came where the serializers agree; where they do not, the caller transcodes it
// first (`PayloadBytes`), once for all receivers of that serializer.

/// An encoded payload that is about to be written: two ranges of one array of bytes.
package struct PayloadRange: Sendable, Hashable, BitwiseCopyable {
    package var arguments: ByteRange
    package var argumentsKw: ByteRange

    @inlinable
    package init(arguments: ByteRange = .empty, argumentsKw: ByteRange = .empty) {
        self.arguments = arguments
        self.argumentsKw = argumentsKw
    }

    package static let none = PayloadRange()

    /// How many list elements the payload takes. Keyword arguments alone need an empty list before them.
    var elementCount: Int { argumentsKw.isEmpty ? (arguments.isEmpty ? 0 : 1) : 2 }
}

extension MessageHead {
    @inlinable
    package var payload: PayloadRange { PayloadRange(arguments: arguments, argumentsKw: argumentsKw) }
}

extension ValueWriter {
    /// Appends `Arguments|list, ArgumentsKw|dict`, spliced from bytes of this writer's serializer.
    package mutating func payload(_ payload: PayloadRange, _ bytes: Span<UInt8>) {
        guard payload.elementCount > 0 else { return }
        if payload.arguments.isEmpty {
            beginList(0)
            endList()
        } else {
            raw(bytes.extracting(payload.arguments.range))
        }
        if !payload.argumentsKw.isEmpty { raw(bytes.extracting(payload.argumentsKw.range)) }
    }

    /// `[EVENT, SUBSCRIBED.Subscription|id, PUBLISHED.Publication|id, Details|dict, Arguments|list, ArgumentsKw|dict]`
    package mutating func event(
        _ subscription: SubscriptionID, _ publication: PublicationID, _ details: EventDetails,
        _ payload: PayloadRange, _ bytes: Span<UInt8>
    ) {
        begin(.event, 3 + payload.elementCount)
        unsigned(subscription.rawValue)
        unsigned(publication.rawValue)
        details.write(to: &self)
        self.payload(payload, bytes)
        endList()
    }

    /// `[INVOCATION, Request|id, REGISTERED.Registration|id, Details|dict, Arguments|list, ArgumentsKw|dict]`
    package mutating func invocation(
        _ request: RequestID, _ registration: RegistrationID, _ details: InvocationDetails,
        _ payload: PayloadRange, _ bytes: Span<UInt8>
    ) {
        begin(.invocation, 3 + payload.elementCount)
        unsigned(request.rawValue)
        unsigned(registration.rawValue)
        details.write(to: &self)
        self.payload(payload, bytes)
        endList()
    }

    /// `[RESULT, CALL.Request|id, Details|dict, YIELD.Arguments|list, YIELD.ArgumentsKw|dict]`
    package mutating func result(
        _ request: RequestID, _ options: YieldOptions, _ payload: PayloadRange, _ bytes: Span<UInt8>
    ) {
        begin(.result, 2 + payload.elementCount)
        unsigned(request.rawValue)
        options.write(to: &self)
        self.payload(payload, bytes)
        endList()
    }

    /// `[YIELD, INVOCATION.Request|id, Options|dict, Arguments|list, ArgumentsKw|dict]`
    package mutating func yield(
        _ request: RequestID, _ options: YieldOptions, _ payload: PayloadRange, _ bytes: Span<UInt8>
    ) {
        begin(.yield, 2 + payload.elementCount)
        unsigned(request.rawValue)
        options.write(to: &self)
        self.payload(payload, bytes)
        endList()
    }

    /// `[ERROR, REQUEST.Type|int, REQUEST.Request|id, Details|dict, Error|uri, Arguments|list, ArgumentsKw|dict]`
    package mutating func error(
        _ requestType: MessageType, _ request: RequestID, _ uri: ErrorURI, _ details: YieldOptions = YieldOptions(),
        _ payload: PayloadRange = .none, _ bytes: Span<UInt8> = Span()
    ) {
        begin(.error, 4 + payload.elementCount)
        unsigned(UInt64(requestType.rawValue))
        unsigned(request.rawValue)
        details.write(to: &self)
        string(uri.rawValue)
        self.payload(payload, bytes)
        endList()
    }

    /// An ERROR whose one argument is a sentence for people.
    package mutating func error(_ requestType: MessageType, _ request: RequestID, _ uri: ErrorURI, message: String) {
        begin(.error, 5)
        unsigned(UInt64(requestType.rawValue))
        unsigned(request.rawValue)
        emptyDictionary()
        string(uri.rawValue)
        beginList(1)
        string(message)
        endList()
        endList()
    }

    /// `[PUBLISHED, PUBLISH.Request|id, Publication|id]` and the other answers of the same shape.
    package mutating func answer(_ type: MessageType, _ request: RequestID, _ id: UInt64) {
        begin(type, 2)
        unsigned(request.rawValue)
        unsigned(id)
        endList()
    }

    /// `[UNSUBSCRIBED, UNSUBSCRIBE.Request|id]`, `[UNREGISTERED, UNREGISTER.Request|id]`.
    package mutating func answer(_ type: MessageType, _ request: RequestID) {
        begin(type, 1)
        unsigned(request.rawValue)
        endList()
    }

    /// `[UNREGISTERED, 0, {registration, reason}]`: the router took it back. Spec: "Registration Revocation".
    package mutating func revocation(of registration: RegistrationID, reason: String?) {
        revocation(.unregistered, of: "registration", registration.rawValue, reason)
    }

    /// `[UNSUBSCRIBED, 0, {subscription, reason}]`: the router took it back. Spec: "Subscription Revocation".
    package mutating func revocation(of subscription: SubscriptionID, reason: String?) {
        revocation(.unsubscribed, of: "subscription", subscription.rawValue, reason)
    }

    private mutating func revocation(_ type: MessageType, of kind: StaticString, _ id: UInt64, _ reason: String?) {
        begin(type, 2)
        unsigned(0)
        beginDictionary(reason == nil ? 1 : 2)
        key(kind)
        unsigned(id)
        if let reason {
            key("reason")
            string(reason)
        }
        endDictionary()
        endList()
    }

    /// `[INTERRUPT, INVOCATION.Request|id, Options|dict]`
    package mutating func interrupt(_ request: RequestID, _ mode: CancelMode, reason: ErrorURI?) {
        begin(.interrupt, 2)
        unsigned(request.rawValue)
        beginDictionary(reason == nil ? 1 : 2)
        key("mode")
        string(mode.name)
        if let reason {
            key("reason")
            string(reason.rawValue)
        }
        endDictionary()
        endList()
    }

    /// `[GOODBYE, Details|dict, Reason|uri]` and `[ABORT, Details|dict, Reason|uri]`.
    package mutating func farewell(_ type: MessageType, _ reason: ErrorURI, message: String? = nil) {
        begin(type, 2)
        if let message {
            beginDictionary(1)
            key("message")
            string(message)
            endDictionary()
        } else {
            emptyDictionary()
        }
        string(reason.rawValue)
        endList()
    }

    /// `[HELLO, Realm|uri, Details|dict]`, `[CHALLENGE, AuthMethod|string, Extra|dict]`,
    /// `[AUTHENTICATE, Signature|string, Extra|dict]`.
    package mutating func handshake(_ type: MessageType, _ text: String, _ details: [String: Value]) {
        begin(type, 2)
        string(text)
        value(.dictionary(details))
        endList()
    }

    /// `[WELCOME, Session|id, Details|dict]`
    ///
    /// - Parameter entries: writes the details' keys and values, `entryCount` of each.
    package mutating func welcome(
        _ session: SessionID, entryCount: Int, _ entries: (inout ValueWriter) -> Void
    ) {
        begin(.welcome, 2)
        unsigned(session.rawValue)
        beginDictionary(entryCount)
        entries(&self)
        endDictionary()
        endList()
    }

    /// `[PUBLISH, Request|id, Options|dict, Topic|uri, Arguments|list, ArgumentsKw|dict]` and CALL, which looks the same.
    package mutating func request(
        _ type: MessageType, _ request: RequestID, _ options: [String: Value], _ uri: String,
        _ payload: PayloadRange = .none, _ bytes: Span<UInt8> = Span()
    ) {
        begin(type, 3 + payload.elementCount)
        unsigned(request.rawValue)
        if options.isEmpty { emptyDictionary() } else { value(.dictionary(options)) }
        string(uri)
        self.payload(payload, bytes)
        endList()
    }

    /// `[CANCEL, CALL.Request|id, Options|dict]`
    package mutating func cancel(_ request: RequestID, _ mode: CancelMode) {
        begin(.cancel, 2)
        unsigned(request.rawValue)
        beginDictionary(1)
        key("mode")
        string(mode.name)
        endDictionary()
        endList()
    }

    private mutating func begin(_ type: MessageType, _ furtherElements: Int) {
        beginList(1 + furtherElements)
        unsigned(UInt64(type.rawValue))
    }

    mutating func emptyDictionary() {
        beginDictionary(0)
        endDictionary()
    }
}

/// `EVENT.Details`: the same for every receiver of one subscription.
package struct EventDetails: Sendable, Hashable {
    /// The topic, for pattern subscriptions ("Pattern-based Subscriptions").
    package var topic: String?
    package var publisher: Disclosure?
    package var retained = false
    /// How far the publisher is to be trusted ("Publication Trust Levels").
    package var trustlevel: Int64?
    package var forwarded: [ForwardedOption] = []

    package init() {}

    /// One encoded dictionary.
    package func write(to writer: inout ValueWriter) {
        let count =
            (topic == nil ? 0 : 1) + (publisher == nil ? 0 : 3) + (retained ? 1 : 0) + (trustlevel == nil ? 0 : 1)
            + forwarded.count
        writer.beginDictionary(count)
        if count > 0 {
            if let topic {
                writer.key("topic")
                writer.string(topic)
            }
            if let publisher {
                writer.key("publisher")
                writer.unsigned(publisher.session.rawValue)
                writer.key("publisher_authid")
                writer.string(publisher.authid)
                writer.key("publisher_authrole")
                writer.string(publisher.authrole)
            }
            if retained {
                writer.key("retained")
                writer.bool(true)
            }
            if let trustlevel {
                writer.key("trustlevel")
                writer.integer(trustlevel)
            }
            writer.forwarded(forwarded)
        }
        writer.endDictionary()
    }
}

/// Who published or called, where that is told ("Publisher Identification", "Caller Identification").
package struct Disclosure: Sendable, Hashable {
    package var session: SessionID
    package var authid: String
    package var authrole: String

    package init(session: SessionID, authid: String, authrole: String) {
        self.session = session
        self.authid = authid
        self.authrole = authrole
    }
}

/// `INVOCATION.Details`.
package struct InvocationDetails: Sendable, Hashable {
    /// The procedure, for pattern registrations ("Pattern-based Registrations").
    package var procedure: String?
    package var caller: Disclosure?
    /// How far the caller is to be trusted; nil is not told ("Call Trust Levels").
    package var trustlevel: Int64?
    package var receiveProgress = false
    /// Further payload follows under the same request id ("Progressive Call Invocations").
    package var progress = false
    /// Milliseconds that the callee is to keep itself; 0 is none ("Call Timeouts").
    package var timeoutMilliseconds: UInt64 = 0
    package var forwarded: [ForwardedOption] = []

    package init() {}

    private var count: Int {
        (procedure == nil ? 0 : 1) + (caller == nil ? 0 : 3) + (trustlevel == nil ? 0 : 1) + (receiveProgress ? 1 : 0)
            + (progress ? 1 : 0) + (timeoutMilliseconds == 0 ? 0 : 1) + forwarded.count
    }

    func write(to writer: inout ValueWriter) {
        let count = count
        writer.beginDictionary(count)
        if count > 0 {
            if let procedure {
                writer.key("procedure")
                writer.string(procedure)
            }
            if let caller {
                writer.key("caller")
                writer.unsigned(caller.session.rawValue)
                writer.key("caller_authid")
                writer.string(caller.authid)
                writer.key("caller_authrole")
                writer.string(caller.authrole)
            }
            if let trustlevel {
                writer.key("trustlevel")
                writer.integer(trustlevel)
            }
            if receiveProgress {
                writer.key("receive_progress")
                writer.bool(true)
            }
            if progress {
                writer.key("progress")
                writer.bool(true)
            }
            if timeoutMilliseconds > 0 {
                writer.key("timeout")
                writer.unsigned(timeoutMilliseconds)
            }
            writer.forwarded(forwarded)
        }
        writer.endDictionary()
    }
}

extension YieldOptions {
    func write(to writer: inout ValueWriter) {
        writer.beginDictionary((progress ? 1 : 0) + forwarded.count)
        if progress {
            writer.key("progress")
            writer.bool(true)
        }
        writer.forwarded(forwarded)
        writer.endDictionary()
    }
}

extension ValueWriter {
    fileprivate mutating func forwarded(_ options: [ForwardedOption]) {
        for option in options {
            key(option.key)
            value(option.value)
        }
    }
}
