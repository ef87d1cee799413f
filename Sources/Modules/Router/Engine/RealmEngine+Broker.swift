import ModuleKit
import WAMP

// The broker. Spec: WAMP-04 "Publish and Subscribe", "Advanced PubSub Features".

extension RealmEngine {
    mutating func subscribe(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let options: SubscribeOptions
        do throws(OptionError) {
            options = try SubscribeOptions.decode(bytes, message.head.dictionary, message.serializer)
        } catch {
            return abort(message.sender, error, in: message.head.type)
        }
        let topic = bytes.extracting(message.head.uri.range)
        guard URIRules.isValidPattern(topic, options.match, countMax: limits.uriBytesMax) else {
            return refuse(
                message, .invalidURI, "the topic is not a URI that fits the match policy \(options.match.name)")
        }
        let slot = message.sender.slot
        guard isAuthorized(.subscribe, topic, options.match, slot) else {
            return refuse(message, .notAuthorized, "not allowed to subscribe to \(String(topic))")
        }
        if let known = subscriptions.find(topic, options.match) {
            if !sessions[slot].subscriptions.contains(known) {
                guard hasRoom(slot) else { return refuseForRoom(message) }
                subscriptions[known].subscribers.append(slot)
                sessions[slot].subscriptions.append(known)
                answer(message, .subscribed, subscriptions[known].id)
                return announce(.subscription, .onSubscribe, sessions[slot].id, subscriptions[known].id)
            }
            return answer(message, .subscribed, subscriptions[known].id)
        }
        guard hasRoom(slot) else { return refuseForRoom(message) }
        lastSubscriptionID += 1
        let uri = URIBytes(String(topic))
        let index = subscriptions.insert(
            Subscription(
                id: lastSubscriptionID, uri: uri, match: options.match, created: wallClock, subscribers: [slot]))
        sessions[slot].subscriptions.append(index)
        answer(message, .subscribed, subscriptions[index].id)
        announceCreation(of: subscriptions[index], by: sessions[slot].id)
        announce(.subscription, .onSubscribe, sessions[slot].id, subscriptions[index].id)
    }

    mutating func unsubscribe(_ message: IncomingMessage) {
        let slot = message.sender.slot
        guard let index = subscriptions.find(id: message.head.id),
            let position = sessions[slot].subscriptions.firstIndex(of: index)
        else { return refuse(message, .noSuchSubscription, "the session has no subscription \(message.head.id)") }
        sessions[slot].subscriptions.swapRemove(at: position)
        removeSubscriber(slot, from: index)
        send(to: slot) { $0.answer(.unsubscribed, message.request) }
    }

    /// A session is leaving.
    mutating func removeSubscriptions(of slot: Int32) {
        let indices = sessions[slot].subscriptions
        sessions[slot].subscriptions = []
        for index in indices { removeSubscriber(slot, from: index) }
    }

    private mutating func removeSubscriber(_ slot: Int32, from index: Int32) {
        guard let position = subscriptions[index].subscribers.firstIndex(of: slot) else { return }
        subscriptions[index].subscribers.swapRemove(at: position)
        announce(.subscription, .onUnsubscribe, sessions[slot].id, subscriptions[index].id)
        guard subscriptions[index].subscribers.isEmpty else { return }
        let id = subscriptions[index].id
        subscriptions.remove(index)
        announce(.subscription, .onDelete, sessions[slot].id, id)
    }

    mutating func publish(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let options: PublishOptions
        do throws(OptionError) {
            options = try PublishOptions.decode(bytes, message.head.dictionary, message.serializer)
        } catch {
            return abort(message.sender, error, in: .publish)
        }
        let slot = message.sender.slot
        let topic = bytes.extracting(message.head.uri.range)
        if let refusal = refusalToPublish(topic, options, slot) {
            counters.requestErrors &+= 1
            if options.acknowledge { refuse(message, refusal.uri, refusal.sentence) }
            return
        }
        let publication = PublicationID(random.nextID())
        var delivery = Publication(
            id: publication, publisher: slot, options: options, serializer: message.serializer,
            payload: message.head.payload, disclosure: disclosure(of: slot, asked: options.discloseMe))
        if let exact = subscriptions.find(topic, .exact) { deliver(&delivery, to: exact, bytes) }
        if subscriptions.hasPatterns {
            let patterns = matches.patterns(matching: topic, in: subscriptions, hasher)
            if !patterns.isEmpty {
                delivery.topic = String(topic)
                for pattern in patterns { deliver(&delivery, to: pattern, bytes) }
            }
        }
        if options.acknowledge { answer(message, .published, publication.rawValue) }
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
            return (.notAuthorized, "not allowed to publish to \(String(topic))")
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
        let isRestricted = publication.options.restrictsReceivers
        let id = subscriptions[index].subscriptionID
        frames.reset()
        for slot in subscribers {
            if slot == excluded { continue }
            if isRestricted, !publication.options.admits(sessions[slot].disclosure) { continue }
            let format = sessions[slot].format
            if !frames.isReady(format) { prepareEvent(&publication, id, format, subscriptions[index].match, bytes) }
            deliverPrepared(to: slot)
            if sessions[slot].isLocal { holdBack(publication.publisher, for: slot) }
        }
    }

    private mutating func deliverPrepared(to slot: Int32) {
        if sessions[slot].accept(frames, slot, &pools, &touched) {
            counters.eventsOut &+= 1
        } else {
            counters.eventsDropped &+= 1
        }
    }

    /// Encodes the EVENT for one wire format.
    private mutating func prepareEvent(
        _ publication: inout Publication, _ id: SubscriptionID, _ format: WireFormat, _ match: MatchPolicy,
        _ bytes: Span<UInt8>
    ) {
        var details = EventDetails()
        if match != .exact { details.topic = publication.topic }
        details.publisher = publication.disclosure
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

    /// A publication of the router itself (the meta API): nobody is excluded, nobody disclosed.
    mutating func publish(topic: String, _ arguments: [Value]) {
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
            payload: PayloadRange(arguments: ByteRange(0, encoded.count)), disclosure: nil)
        publication.topic = topic
        for index in indices { deliver(&publication, to: index, encoded.span) }
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
    /// Filled in for pattern subscriptions.
    var topic: String?
}

extension PublishOptions {
    /// Whether a session may receive the event by the six lists, all of which must agree.
    /// Spec: "Subscriber Black- and Whitelisting".
    func admits(_ session: Disclosure) -> Bool {
        if exclude.contains(session.session) || excludeAuthID.contains(session.authid)
            || excludeAuthRole.contains(session.authrole)
        {
            return false
        }
        if let eligible, !eligible.contains(session.session) { return false }
        if let eligibleAuthID, !eligibleAuthID.contains(session.authid) { return false }
        if let eligibleAuthRole, !eligibleAuthRole.contains(session.authrole) { return false }
        return true
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
