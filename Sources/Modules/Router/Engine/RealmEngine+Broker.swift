import ModuleKit
import WAMP

// The broker. Spec: WAMP-04 "Publish and Subscribe", "Advanced PubSub Features".

extension RealmEngine {
    mutating func publish(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let options: PublishOptions
        do throws(OptionError) {
            options = try PublishOptions.decode(bytes, message.head.dictionary, message.serializer)
            if !options.forwarded.isEmpty { try checkPassthru(options, message, bytes) }
        } catch {
            return abort(message.sender, error, in: .publish)
        }
        let slot = message.sender.slot
        let topic = bytes.extracting(message.head.uri.range)
        if let refusal = refusalToPublish(topic, options, slot) {
            guard options.acknowledge else { return counters.requestErrors &+= 1 }
            return refuse(message, refusal.uri, refusal.sentence)
        }
        let publication = PublicationID(random.nextID())
        var delivery = Publication(
            id: publication, publisher: slot, options: options, serializer: message.serializer,
            payload: message.head.payload,
            disclosure: disclosure(of: slot, as: .publisher, topic, asked: options.discloseMe),
            trustlevel: sessions[slot].principal.trustlevel)
        if options.restrictsReceivers { delivery.filter = ReceiverFilter(options) }
        if let exact = subscriptions.find(topic, .exact) { deliver(&delivery, to: exact, bytes) }
        if subscriptions.hasPatterns {
            let patterns = matches.patterns(matching: topic, in: subscriptions, hasher)
            if !patterns.isEmpty {
                delivery.topic = String(topic)
                for pattern in patterns { deliver(&delivery, to: pattern, bytes) }
            }
        }
        if options.retain || history.isEnabled { keep(delivery, topic, bytes) }
        if options.acknowledge { answer(message, .published, publication.rawValue) }
    }

    /// A receiver that has not announced the mode gets the event all the same: the broker cannot answer for it.
    /// Spec: "Payload Passthru Mode".
    func checkPassthru(
        _ options: PublishOptions, _ message: IncomingMessage, _ bytes: Span<UInt8>
    ) throws(OptionError) {
        let features = sessions[message.sender.slot].features
        try PayloadPassthru.check(options.forwarded, of: message, bytes, from: features, as: .publisher)
    }

    mutating func refusalToPublish(
        _ topic: Span<UInt8>, _ options: PublishOptions, _ slot: Int32
    ) -> (uri: ErrorURI, sentence: String)? {
        guard URIRules.isValid(topic, countMax: limits.uriBytesMax) else {
            return (
                .invalidURI, "the topic is not a URI: no white space, no #, no empty component, no more than 255 bytes"
            )
        }
        guard !URIRules.isReserved(topic) else { return (.invalidURI, "topics that begin with wamp are the router's") }
        guard isAuthorized(.publish, topic, .exact, slot) else {
            return denial(of: .publish, topic, .exact, slot)
        }
        if options.discloseMe, disclosurePolicy == .never {
            return (.discloseMeDisallowed, "this realm discloses nobody")
        }
        return nil
    }

    /// Puts one publication's EVENT into the outboxes of one subscription's receivers.
    mutating func deliver(_ publication: inout Publication, to index: Int32, _ bytes: Span<UInt8>) {
        let subscribers = subscriptions[index].subscribers
        let excluded = publication.options.excludeMe ? publication.publisher : nil
        if subscribers.count == 1, subscribers[0] == excluded { return }
        let selection = selection(of: publication, index)
        let id = subscriptions[index].subscriptionID
        frames.reset()
        for slot in subscribers {
            if slot == excluded { continue }
            if let selection, !selection.admits(slot, sessions[slot].disclosure) { continue }
            let format = sessions[slot].format
            if !frames.isReady(format) { prepareEvent(&publication, id, format, subscriptions[index].match, bytes) }
            deliverPrepared(to: slot)
            if sessions[slot].isLocal { holdBack(publication.publisher, for: slot) }
        }
    }

    mutating func deliverPrepared(to slot: Int32) {
        if sessions[slot].accept(frames, slot, &pools, &touched) {
            counters.eventsOut &+= 1
        } else {
            counters.eventsDropped &+= 1
        }
    }

    /// Encodes the EVENT for one wire format.
    mutating func prepareEvent(
        _ publication: inout Publication, _ id: SubscriptionID, _ format: WireFormat, _ match: MatchPolicy,
        _ bytes: Span<UInt8>
    ) {
        var details = EventDetails()
        if match != .exact { details.topic = publication.topic }
        details.publisher = publication.disclosure
        details.retained = publication.isRetained
        details.trustlevel = publication.trustlevel
        details.forwarded = publication.options.forwarded
        let index = Int(format.serializer.rawValue) - 1
        writers[index].reset()
        if format.serializer == publication.serializer {
            writers[index].event(id, publication.id, details, publication.payload, bytes)
        } else {
            let payload = transcode(publication.payload, bytes, from: publication.serializer, to: format.serializer)
            let translated = transcoded[index].bytes
            writers[index].event(id, publication.id, details, payload, translated.span)
        }
        frames.prepare(format, writers[index].bytes)
    }

    /// Turns a payload into another serializer's bytes, which then stand in `transcoded`.
    mutating func transcode(
        _ payload: PayloadRange, _ bytes: Span<UInt8>, from source: Serializer, to target: Serializer
    ) -> PayloadRange {
        let index = Int(target.rawValue) - 1
        transcoded[index].reset()
        var result = PayloadRange()
        do throws(WireError) {
            if !payload.arguments.isEmpty {
                try Transcoder.transcode(bytes, payload.arguments, from: source, into: &transcoded[index])
                result.arguments = ByteRange(0, transcoded[index].bytes.count)
            }
            if !payload.argumentsKw.isEmpty {
                // JSON's writer puts a comma between two values.
                let length = transcoded[index].bytes.count
                let start = target == .json && length > 0 ? length + 1 : length
                try Transcoder.transcode(bytes, payload.argumentsKw, from: source, into: &transcoded[index])
                result.argumentsKw = ByteRange(start, transcoded[index].bytes.count)
            }
        } catch {
            // The head's decoding has checked these bytes; a value that a serializer cannot say is no reason to fail.
            return .none
        }
        return result
    }

    /// A publication of the router itself (the meta API): nobody disclosed, and nobody excluded without a filter.
    mutating func publish(topic: String, _ arguments: [Value], to filter: ReceiverFilter? = nil) {
        let uri = Array(topic.utf8)
        var indices: [Int32] = []
        if let exact = subscriptions.find(uri.span, .exact) { indices.append(exact) }
        if subscriptions.hasPatterns { indices += matches.patterns(matching: uri.span, in: subscriptions, hasher) }
        guard !indices.isEmpty else { return }
        let encoded = Value.list(arguments).encoded(.messagePack)
        var options = PublishOptions()
        options.excludeMe = false
        var publication = Publication(
            id: PublicationID(random.nextID()), publisher: -1, options: options, serializer: .messagePack,
            payload: PayloadRange(arguments: ByteRange(0, encoded.count)), disclosure: nil, trustlevel: nil)
        publication.topic = topic
        publication.filter = filter
        for index in indices { deliver(&publication, to: index, encoded.span) }
    }

    /// Nil is everybody, as nearly always.
    private func selection(of publication: Publication, _ index: Int32) -> Selection? {
        var selection = Selection(filter: publication.filter)
        if let rkey = publication.options.rkey, !subscriptions[index].shards.isEmpty {
            selection.shards = subscriptions[index].shards
            selection.node = subscriptions[index].shards.node(for: rkey)
        }
        return selection.filter == nil && selection.shards == nil ? nil : selection
    }

    // MARK: Shared with the dealer

    mutating func answer(_ message: IncomingMessage, _ type: MessageType, _ id: UInt64) {
        send(to: message.sender.slot) { $0.answer(type, message.request, id) }
    }

    mutating func abort(_ sender: SessionHandle, _ error: OptionError, in type: MessageType) {
        let name = error.key.isEmpty ? "options" : "option \(error.key)"
        abort(sender, .protocolViolation, "\(type): \(name): expected \(error.expected)")
    }

    func hasRoom(_ slot: Int32) -> Bool {
        sessions[slot].subscriptions.count + sessions[slot].registrations.count
            < limits.subscriptionsAndRegistrationsMax
    }

    mutating func refuseForRoom(_ message: IncomingMessage) {
        refuse(
            message, .limitExceeded,
            "a session may hold \(limits.subscriptionsAndRegistrationsMax) subscriptions and registrations")
    }
}

/// A publication while it is delivered.
struct Publication {
    var id: PublicationID
    /// The publisher's slot; -1 is the router itself.
    var publisher: Int32
    var options: PublishOptions
    var serializer: Serializer
    var payload: PayloadRange
    var disclosure: Disclosure?
    var trustlevel: Int64?
    /// Filled in for pattern subscriptions.
    var topic: String?
    /// The six lists, where there are any.
    var filter: ReceiverFilter?
    /// The publisher's session where it does not get its own event; filled in where that outlives the publication.
    var excludedSession: SessionID?
    /// Whether it was published earlier, and is now told to a new subscriber.
    var isRetained = false
}

/// Which of a subscription's subscribers a publication is for.
struct Selection {
    fileprivate var filter: ReceiverFilter?
    /// The node keys of the subscribers and the one of them that takes the publication, where it has a resource key.
    fileprivate var shards: Shards?
    fileprivate var node: String?

    func admits(_ slot: Int32, _ session: Disclosure) -> Bool {
        if let key = shards?[slot], key != node { return false }
        return filter?.admits(session) ?? true
    }
}

extension ErrorURI {
    /// A limit of this router, for which the specification has no word.
    static let limitExceeded: ErrorURI = "gantry.error.limit_exceeded"
}

extension Array {
    /// Removes an element and puts the last one in its place.
    mutating func swapRemove(at position: Int) {
        swapAt(position, count - 1)
        removeLast()
    }
}
