import ModuleKit
import WAMP

// Events that outlive their publication. Spec: WAMP-04 "Event Retention", "Event History".

extension RealmEngine {
    /// Keeps a publication as its topic's retained event, if it asked for that, and in the histories that cover it.
    ///
    /// Whatever the router itself publishes (the meta API) does not come here.
    mutating func keep(_ publication: Publication, _ topic: Span<UInt8>, _ bytes: Span<UInt8>) {
        var isRetained = publication.options.retain && limits.retainedTopicsMax > 0
        // Session ids mean nothing to whoever asks later: such events are not stored at all, as the specification says.
        var isHistory =
            history.isEnabled && history.covers(topic) && !(publication.filter?.namesSessions ?? false)
        // What cannot have room is not copied to find that out.
        let byteCount = publication.payload.arguments.count + publication.payload.argumentsKw.count
        if isRetained, byteCount > limits.retainedBytesMax {
            isRetained = false
            counters.eventsNotKept &+= 1
            // Nor may an older event pass for the last one.
            _ = forgetRetained(topic)
        }
        if isHistory, byteCount > limits.historyBytesMax {
            isHistory = false
            counters.eventsNotKept &+= 1
        }
        guard isRetained || isHistory else { return }
        lastKeptSequence += 1
        var publication = publication
        if publication.publisher >= 0, publication.options.excludeMe {
            publication.excludedSession = sessions[publication.publisher].id
        }
        let event = KeptEvent(
            publication, topic: URIBytes(String(topic)), bytes, sequence: lastKeptSequence, wallClock: wallClock)
        if isHistory { keepInHistory(event) }
        if isRetained { retain(event) }
    }

    private mutating func keepInHistory(_ event: KeptEvent) {
        let outcome = history.keep(event)
        note(isKept: outcome.isKept, event, dropped: outcome.dropped, .history)
    }

    private mutating func retain(_ event: KeptEvent) {
        let outcome = retained.keep(event)
        note(isKept: outcome.isKept, event, dropped: outcome.dropped, .retained)
    }

    private mutating func note(isKept: Bool, _ event: KeptEvent, dropped: [KeptEvent], _ shelf: EventShelf) {
        if !isKept { counters.eventsNotKept &+= 1 }
        guard recordsKeptChanges else { return }
        for other in dropped where other.isPersistent {
            keptChanges.append(.dropped(sequence: other.sequence, shelf))
        }
        if isKept, event.isPersistent { keptChanges.append(.kept(event, shelf)) }
    }

    /// Sends a new subscriber the retained events that it would have received.
    mutating func deliverRetained(to slot: Int32, of index: Int32) {
        // Behind a full outbox nothing is even looked for.
        guard sessions[slot].outbox.byteCount < sessions[slot].outboxBytesMax else {
            counters.eventsDropped &+= 1
            return
        }
        let session = sessions[slot].disclosure
        let shards = subscriptions[index].shards
        let match = subscriptions[index].match
        let events = retained.events(matching: subscriptions[index].uri, match) { event in
            if let rkey = event.rkey, let node = shards[slot], shards.node(for: rkey) != node { return false }
            return event.admits(session)
        }
        let id = subscriptions[index].subscriptionID
        let format = sessions[slot].format
        for (number, event) in events.enumerated() {
            // Behind a full outbox the rest is dropped, and not even looked at.
            guard sessions[slot].outbox.byteCount < sessions[slot].outboxBytesMax else {
                counters.eventsDropped &+= UInt64(events.count - number)
                return
            }
            var publication = Publication(event)
            frames.reset()
            let bytes = event.bytes
            prepareEvent(&publication, id, format, match, bytes.span)
            deliverPrepared(to: slot)
        }
    }

    /// Forgets a topic's retained events; answers how many there were.
    mutating func forgetRetained(_ topic: Span<UInt8>) -> Int {
        let dropped = retained.forget(topic)
        if recordsKeptChanges {
            for event in dropped where event.isPersistent {
                keptChanges.append(.dropped(sequence: event.sequence, .retained))
            }
        }
        return dropped.count
    }

    // MARK: Over a restart

    /// Takes in what an earlier process has kept. Whatever has no place any more is noted as dropped.
    mutating func restore(_ events: [(event: KeptEvent, shelf: EventShelf)]) {
        for (event, shelf) in events.sorted(by: { $0.event.sequence < $1.event.sequence }) {
            lastKeptSequence = max(lastKeptSequence, event.sequence)
            let before = keptChanges.count
            switch shelf {
            case .retained: retain(event)
            case .history: keepInHistory(event)
            }
            guard recordsKeptChanges else { continue }
            if case .kept(let same, _)? = keptChanges.last, keptChanges.count > before, same === event {
                keptChanges.removeLast()
            } else {
                keptChanges.append(.dropped(sequence: event.sequence, shelf))
            }
        }
    }

    /// What there is to be kept over a restart, all of it.
    var persistentEvents: [KeptEventChange] {
        retained.all.filter(\.isPersistent).map { .kept($0, .retained) } + history.all.map { .kept($0, .history) }
    }

    var hasKeptChanges: Bool { !keptChanges.isEmpty }

    mutating func takeKeptChanges() -> [KeptEventChange] {
        defer { keptChanges = [] }
        return keptChanges
    }
}

extension KeptEvent {
    /// Lists of session ids do not survive the sessions, let alone the process.
    var isPersistent: Bool { !(filter?.namesSessions ?? false) }
}

extension Publication {
    /// A retained event on its way to a new subscriber.
    init(_ event: KeptEvent) {
        var options = PublishOptions()
        options.forwarded = event.forwarded
        self.init(
            id: event.publication, publisher: -1, options: options, serializer: event.serializer,
            payload: event.payload, disclosure: event.publisher, trustlevel: event.trustlevel,
            topic: event.topic.text, isRetained: true)
    }
}
