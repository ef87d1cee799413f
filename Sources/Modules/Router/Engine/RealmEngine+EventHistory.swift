import WAMP

// `wamp.subscription.get_events`. Spec: WAMP-04 "Event History".

extension RealmEngine {
    /// A result holds events of at most so many bytes, so that no question keeps the realm waiting; whoever wants more
    /// asks on, after the last publication.
    private static let resultBytesMax = 1 << 20
    /// What a RESULT has around its events.
    private static let envelopeBytesMax = 256

    /// Answers a CALL of `wamp.subscription.get_events`.
    mutating func getEvents(_ message: IncomingMessage, _ arguments: MetaArguments) throws(MetaError) {
        let slot = message.sender.slot
        let id = try arguments.id(0, "subscription")
        guard let index = subscriptions.find(id: id) else {
            throw MetaError(.noSuchSubscription, "there is no subscription \(id)")
        }
        let uri = subscriptions[index].uri
        let match = subscriptions[index].match
        guard isAuthorized(.subscribe, uri.bytes.span, match, slot) else {
            throw MetaError(denial(of: .subscribe, uri.bytes.span, match, slot))
        }
        var query = try EventQuery(arguments.options)
        // Crossbar's own form, older than the specification's: the newest first, as one argument.
        let isCrossbars = arguments.positional(1).map { $0.dictionary == nil && $0 != .null } ?? false
        if isCrossbars {
            guard let limit = arguments.positional(1).flatMap(EventQuery.positive) else {
                throw MetaError(.invalidArgument, "limit: expected an integer >= 1")
            }
            query.limit = Int(clamping: limit)
            query.isReverse = true
        }
        let found = try rows(of: index, query, for: slot, isCrossbars: isCrossbars)
        var result = ValueWriter(sessions[slot].format.serializer)
        if isCrossbars { result.beginList(1) }
        result.beginList(found.count)
        if found.count > 0 { result.raw(found.bytes.span) }
        result.endList()
        if isCrossbars { result.endList() }
        var payload = PayloadRange(arguments: ByteRange(0, result.bytes.count))
        var encoded = result.bytes
        if found.isMore, !isCrossbars {
            encoded += Value.dictionary(["has_more": true]).encoded(result.serializer)
            payload.argumentsKw = ByteRange(result.bytes.count, encoded.count)
        }
        guard send(to: slot, { $0.result(message.request, YieldOptions(), payload, encoded.span) }) else {
            throw MetaError(.payloadSizeExceeded, "the first event is longer than this transport takes")
        }
    }

    /// The events that a query finds, encoded one behind the other for the session that asks.
    private func rows(
        of index: Int32, _ query: EventQuery, for slot: Int32, isCrossbars: Bool
    ) throws(MetaError) -> (bytes: [UInt8], count: Int, isMore: Bool) {
        let subscription = subscriptions[index]
        let session = sessions[slot].disclosure
        let sequences = try sequences(of: query.anchors, in: subscription)
        var writer = ValueWriter(sessions[slot].format.serializer)
        var row = ValueWriter(sessions[slot].format.serializer)
        let bytesMax = min(Self.resultBytesMax, sessions[slot].frameBytesMax - Self.envelopeBytesMax)
        var count = 0
        var isMore = false
        history.forEach(matching: subscription.uri, subscription.match, isReverse: query.isReverse) { event in
            guard query.includes(event, sequences), event.filter?.admits(session) ?? true else { return true }
            isMore = count >= query.limit ?? .max
            guard !isMore else { return false }
            row.reset()
            row.event(event, subscription, isCrossbars: isCrossbars)
            // One event is always tried, so that a long one is no end of the way.
            isMore = count > 0 && writer.bytes.count + row.bytes.count > bytesMax
            guard !isMore else { return false }
            writer.raw(row.bytes.span)
            count += 1
            return true
        }
        return (writer.bytes, count, isMore)
    }

    /// Where the publications stand that a query names.
    private func sequences(
        of anchors: Set<UInt64>, in subscription: Subscription
    ) throws(MetaError) -> [UInt64: UInt64] {
        guard !anchors.isEmpty else { return [:] }
        var sequences: [UInt64: UInt64] = [:]
        history.forEach(matching: subscription.uri, subscription.match, isReverse: true) { event in
            if anchors.contains(event.publication.rawValue) {
                sequences[event.publication.rawValue] = event.sequence
            }
            return sequences.count < anchors.count
        }
        // To answer with nothing, or with everything, would hide that events are missing in between.
        for anchor in anchors where sequences[anchor] == nil {
            throw MetaError(
                .invalidArgument, "publication \(anchor) is not in the history of this subscription (any more)")
        }
        return sequences
    }
}

extension ValueWriter {
    /// One event of a history.
    ///
    /// - Parameter isCrossbars: as Crossbar has them: the topic beside the details, and both payloads, null where there
    ///   is none.
    fileprivate mutating func event(_ event: KeptEvent, _ subscription: Subscription, isCrossbars: Bool) {
        let hasArguments = !event.payload.arguments.isEmpty
        let hasArgumentsKw = !event.payload.argumentsKw.isEmpty
        beginDictionary(isCrossbars ? 7 : 4 + (hasArguments ? 1 : 0) + (hasArgumentsKw ? 1 : 0))
        key("timestamp")
        string(Timestamp.text(milliseconds: event.milliseconds))
        key("subscription")
        unsigned(subscription.id)
        key("publication")
        unsigned(event.publication.rawValue)
        key("details")
        event.details(for: subscription.match).write(to: &self)
        if isCrossbars {
            key("topic")
            string(event.topic.text)
        }
        if hasArguments || isCrossbars {
            key("args")
            if hasArguments { part(event.payload.arguments, of: event) } else { null() }
        }
        if hasArgumentsKw || isCrossbars {
            key("kwargs")
            if hasArgumentsKw { part(event.payload.argumentsKw, of: event) } else { null() }
        }
        endDictionary()
    }

    private mutating func part(_ range: ByteRange, of event: KeptEvent) {
        let bytes = event.bytes
        if event.serializer == serializer { return raw(bytes.span.extracting(range.range)) }
        do throws(WireError) {
            try Transcoder.transcode(bytes.span, range, from: event.serializer, into: &self)
        } catch {
            // The bytes were checked when they came, and when they were read from disk.
            null()
        }
    }
}
