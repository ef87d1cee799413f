import ModuleKit
import WAMP

// Who subscribed to what. Spec: WAMP-04 "Subscribing and Unsubscribing", "Subscription Revocation".

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
            return refuse(message, denial(of: .subscribe, topic, options.match, slot))
        }
        let known = subscriptions.find(topic, options.match)
        let isSubscribed = known.map { sessions[slot].subscriptions[$0] != nil } ?? false
        guard isSubscribed || hasRoom(slot) else { return refuseForRoom(message) }
        let uri = URIBytes(String(topic))
        guard known != nil || subscriptions.hasRoom(for: uri, options.match) else {
            return refuse(message, .limitExceeded, "the realm has too many wildcards of different shapes")
        }
        let index = known ?? createSubscription(uri, options.match)
        if !isSubscribed { add(slot, to: index) }
        // Also where it was subscribed: the last SUBSCRIBE says which shard the session is.
        subscriptions[index].shards[slot] = options.nkey
        answer(message, .subscribed, subscriptions[index].id)
        if options.getRetained { deliverRetained(to: slot, of: index) }
        if known == nil { announceCreation(of: subscriptions[index], by: sessions[slot].id) }
        if !isSubscribed {
            announce(.subscription, .onSubscribe, sessions[slot].id, subscriptions[index].id)
        }
    }

    mutating func unsubscribe(_ message: IncomingMessage) {
        let slot = message.sender.slot
        guard let index = subscriptions.find(id: message.head.id), sessions[slot].subscriptions[index] != nil else {
            return refuse(message, .noSuchSubscription, "the session has no subscription \(message.head.id)")
        }
        remove(slot, from: index)
        send(to: slot) { $0.answer(.unsubscribed, message.request) }
        announceRemoval(of: sessions[slot].id, from: index)
    }

    /// Takes a subscription back from a session, which hears of it if it knows what that means.
    /// Spec: "Subscription Revocation".
    mutating func revokeSubscription(_ index: Int32, from slot: Int32, reason: String?) {
        guard sessions[slot].subscriptions[index] != nil else { return }
        let id = subscriptions[index].subscriptionID
        remove(slot, from: index)
        if sessions[slot].features.has(.subscriptionRevocation, as: .subscriber) {
            let isSent = send(to: slot) { $0.revocation(of: id, reason: reason) }
            // As with registrations.
            if !isSent { send(to: slot) { $0.revocation(of: id, reason: nil) } }
        }
        announceRemoval(of: sessions[slot].id, from: index)
    }

    /// A session is leaving. It is taken out of all its subscriptions first, so that it hears nothing of its own going.
    mutating func removeSubscriptions(of slot: Int32) {
        let indices = sessions[slot].subscriptions.keys.sorted()
        for index in indices { remove(slot, from: index) }
        for index in indices { announceRemoval(of: sessions[slot].id, from: index) }
    }

    /// Makes the subscriptions by which the realm's histories are asked for; they are there with no subscriber too.
    mutating func createHistorySubscriptions(_ rules: [EventHistoryRule]) {
        for rule in rules {
            let uri = URIBytes(rule.uri)
            guard subscriptions.find(uri.bytes.span, rule.match) == nil else { continue }
            subscriptions[createSubscription(uri, rule.match)].isPermanent = true
        }
    }

    private mutating func createSubscription(_ uri: URIBytes, _ match: MatchPolicy) -> Int32 {
        lastSubscriptionID += 1
        return subscriptions.insert(Subscription(id: lastSubscriptionID, uri: uri, match: match, created: wallClock))
    }

    private mutating func add(_ slot: Int32, to index: Int32) {
        sessions[slot].subscriptions[index] = Int32(subscriptions[index].subscribers.count)
        subscriptions[index].subscribers.append(slot)
    }

    private mutating func remove(_ slot: Int32, from index: Int32) {
        guard let place = sessions[slot].subscriptions.removeValue(forKey: index) else { return }
        let position = Int(place)
        subscriptions[index].subscribers.swapRemove(at: position)
        if position < subscriptions[index].subscribers.count {
            let moved = subscriptions[index].subscribers[position]
            sessions[moved].subscriptions[index] = place
        }
        subscriptions[index].shards[slot] = nil
    }

    /// After a session was removed from a subscription: which goes too, if that was its last subscriber.
    private mutating func announceRemoval(of session: SessionID, from index: Int32) {
        let id = subscriptions[index].id
        announce(.subscription, .onUnsubscribe, session, id)
        guard subscriptions[index].subscribers.isEmpty, !subscriptions[index].isPermanent else { return }
        subscriptions.remove(index)
        announce(.subscription, .onDelete, session, id)
    }
}

// MARK: Procedures that the specification does not have

extension RealmEngine {
    /// `wamp.subscription.remove_subscriber(subscription, session, reason?)`, which is Crossbar's.
    mutating func removeSubscriber(_ arguments: MetaArguments) throws(MetaError) -> Value {
        let id = try arguments.id(0, "subscription")
        guard let index = subscriptions.find(id: id) else {
            throw MetaError(.noSuchSubscription, "there is no subscription \(id)")
        }
        let session = try arguments.id(1, "session")
        guard let slot = sessions.slot(of: SessionID(session)), sessions[slot].subscriptions[index] != nil else {
            throw MetaError(.noSuchSession, "no session \(session) subscribed to \(id)")
        }
        guard !sessions[slot].isLocal else { throw MetaError(.noSuchSession, "the session is the router's own") }
        let reason = arguments.value(2, "reason", default: .null)
        guard reason == .null || reason.string != nil else {
            throw MetaError(.invalidArgument, "reason: expected a string")
        }
        revokeSubscription(index, from: slot, reason: reason.string)
        return .null
    }

    /// `wamp.topic.forget_retained(topic)`, Gantry's own: whoever may publish to a topic may also empty it.
    mutating func forgetRetained(_ arguments: MetaArguments, _ caller: SessionHandle) throws(MetaError) -> Value {
        let topic = Array(try arguments.string(0, "topic").utf8)
        guard isAuthorized(.publish, topic.span, .exact, caller.slot) else {
            throw MetaError(denial(of: .publish, topic.span, .exact, caller.slot))
        }
        return .integer(Int64(forgetRetained(topic.span)))
    }
}
