import NIOCore
import WAMP
import WAMPTransport

// A session does not belong to its transport (see `+Resumption`): the next one may have another serializer, another
// framing, or take less. What waits was encoded for the old one, so it is cut into its messages, and each of them
// transcoded and framed anew.

extension RealmEngine {
    /// Takes what waits for a session that gets another connection.
    ///
    /// - Returns: nil when it cannot be read, which would be a mistake of ours.
    mutating func takeWaiting(_ slot: Int32, for connection: ResumingConnection) -> WaitingMessages? {
        let format = sessions[slot].format
        let waiting = sessions[slot].outbox.take()
        if format == connection.format, sessions[slot].frameBytesMax <= connection.messageBytesMax {
            return .framed(waiting)
        }
        guard let messages = waiting.messages(framed: format.framing) else {
            counters.eventsDropped &+= 1
            return nil
        }
        return .bare(messages, format.serializer)
    }

    /// Puts what has waited into the outbox of the session, which has its new connection by now.
    mutating func passOn(_ waiting: WaitingMessages, to slot: Int32) {
        switch waiting {
        case .framed(let delivery): delivery.forEachBuffer { sessions[slot].outbox.append(sharing: $0) }
        case .bare(let messages, let serializer):
            var ended = EndedRequests()
            for index in messages.indices { passOn(messages[index...], serializer, to: slot, &ended) }
        }
    }

    /// Passes on the first of some messages.
    private mutating func passOn(
        _ messages: ArraySlice<ByteBuffer>, _ serializer: Serializer, to slot: Int32, _ ended: inout EndedRequests
    ) {
        guard let first = messages.first else { return }
        let bytes = first.readableBytesUInt8Span
        if ended.includes(bytes, serializer) { return }
        let format = sessions[slot].format
        guard translate(bytes, from: serializer, to: format.serializer) else {
            return withhold(messages, serializer, from: slot, &ended)
        }
        let message = writers[Int(format.serializer.rawValue) - 1].bytes
        guard message.count <= sessions[slot].frameBytesMax else {
            return withhold(messages, serializer, from: slot, &ended)
        }
        var header: [UInt8] = []
        format.framing.writeHeader(length: message.count, into: &header)
        sessions[slot].append(header, message, trailer: format.framing.trailer, slot, &pools, &touched)
    }

    /// Leaves a message in the writer of another serializer; false when it has no form in it.
    private mutating func translate(_ bytes: Span<UInt8>, from old: Serializer, to new: Serializer) -> Bool {
        let index = Int(new.rawValue) - 1
        writers[index].reset()
        if old == new {
            writers[index].raw(bytes)
            return true
        }
        do throws(WireError) {
            try Transcoder.transcode(bytes, ByteRange(0, bytes.count), from: old, into: &writers[index])
            return true
        } catch {
            return false
        }
    }

    /// Does for a message that the new transport does not take what would have been done, had it been the first one:
    /// an event is dropped and counted; whoever waits for a result, or for what becomes of a call, is told.
    private mutating func withhold(
        _ messages: ArraySlice<ByteBuffer>, _ serializer: Serializer, from slot: Int32, _ ended: inout EndedRequests
    ) {
        guard let first = messages.first else { return }
        let bytes = first.readableBytesUInt8Span
        guard let head = try? MessageHead.decode(bytes, serializer) else {
            counters.eventsDropped &+= 1
            return
        }
        let session = sessions.handle(of: slot)
        let request = RequestID(head.request)
        switch head.type {
        case .result:
            let isProgress = head.isProgress(bytes, serializer)
            if isProgress { ended.calls.insert(request) }
            tellOversize(CallKey(caller: session, request: request), isOver: !isProgress)
        case .error:
            let type = UInt8(exactly: head.id).flatMap(MessageType.init(rawValue:)) ?? .call
            guard type != .call else { return tellOversize(CallKey(caller: session, request: request), isOver: true) }
            // The router's own, which without its sentence is never long.
            let uri = ErrorURI(String(bytes.extracting(head.uri.range)))
            send(to: slot) { $0.error(type, request, uri) }
        case .invocation:
            ended.invocations.insert(request)
            // One that is over has been answered already.
            guard let index = calls.find(session, request) else { return }
            // Of a call in parts the callee may have had those that do not wait here.
            let waiting = messages.count { message in
                let head = try? MessageHead.decode(message.readableBytesUInt8Span, serializer)
                return head?.type == .invocation && head?.request == request.rawValue
            }
            let isKnown = Int(calls[index].parts) > waiting
            giveUp(
                index, isKnown ? .killnowait : .skip, .payloadSizeExceeded,
                "the call is longer than its callee's transport takes")
        case .unregistered, .unsubscribed:
            if !sendRevocation(head, bytes, serializer, to: slot) { counters.eventsDropped &+= 1 }
        // Nothing else but events is as long as the shortest that a transport takes.
        default: counters.eventsDropped &+= 1
        }
    }

    /// A revocation, without the reason that has made it long.
    private mutating func sendRevocation(
        _ head: MessageHead, _ bytes: Span<UInt8>, _ serializer: Serializer, to slot: Int32
    ) -> Bool {
        let details = (try? Value.decode(bytes, head.dictionary, serializer))?.dictionary ?? [:]
        func id(_ key: String) -> UInt64? { details[key]?.integer.flatMap(UInt64.init(exactly:)) }
        if let registration = id("registration") {
            return send(to: slot) { $0.revocation(of: RegistrationID(registration), reason: nil) }
        }
        guard let subscription = id("subscription") else { return false }
        return send(to: slot) { $0.revocation(of: SubscriptionID(subscription), reason: nil) }
    }
}

/// What a session is told no more of, because a part of it was longer than its transport takes.
private struct EndedRequests {
    var calls: Set<RequestID> = []
    var invocations: Set<RequestID> = []

    /// Whether a message belongs to one of these. The last result of a call frees its id.
    mutating func includes(_ bytes: Span<UInt8>, _ serializer: Serializer) -> Bool {
        guard !calls.isEmpty || !invocations.isEmpty, let head = try? MessageHead.decode(bytes, serializer) else {
            return false
        }
        let request = RequestID(head.request)
        switch head.type {
        case .invocation: return invocations.contains(request)
        case .result, .error:
            guard head.type == .result || head.id == UInt64(MessageType.call.rawValue), calls.contains(request) else {
                return false
            }
            if head.type == .error || !head.isProgress(bytes, serializer) { calls.remove(request) }
            return true
        default: return false
        }
    }
}

extension MessageHead {
    /// Whether a RESULT is not the last one of its call.
    fileprivate func isProgress(_ bytes: Span<UInt8>, _ serializer: Serializer) -> Bool {
        (try? YieldOptions.decode(bytes, dictionary, serializer))?.progress ?? false
    }
}

extension ResumingConnection {
    /// The longest message that the connection takes, whoever sets the limit.
    var messageBytesMax: Int { min(frameBytesMax, format.framing.messageBytesMax) }
}
