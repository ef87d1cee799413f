import WAMP

// What callees answer. Spec: WAMP-04 "Calling and Invocations", "Progressive Call Results", "Payload Passthru Mode".

extension RealmEngine {
    mutating func yield(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        guard let index = pendingCall(answeredBy: message) else { return }
        let options: YieldOptions
        let isPassthru: Bool
        do throws(OptionError) {
            options = try YieldOptions.decode(bytes, message.head.dictionary, message.serializer)
            isPassthru = try checkPassthru(options, message, bytes)
        } catch {
            return abort(message.sender, error, in: .yield)
        }
        let call = calls[index]
        if isPassthru, !sessions[call.key.caller.slot].features.has(.payloadPassthruMode, as: .caller) {
            return refusePassthru(index, message)
        }
        if options.progress {
            // A caller that did not ask for progress gets the final result only.
            guard call.receivesProgress else { return }
            guard !isBehind(call.key.caller.slot) else {
                return giveUp(index, .killnowait, .limitExceeded, "the caller does not take the results it asked for")
            }
            calls[index].hasProgressed = true
            schedule(index)
        } else {
            finish(index)
        }
        let isSent = sendPayload(message.head.payload, bytes, from: message.serializer, to: call.key.caller.slot) {
            $0.result(call.key.request, options, $1, $2)
        }
        if !isSent { tellOversize(call.key, isOver: !options.progress) }
    }

    mutating func errorReceived(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        guard message.head.id == UInt64(MessageType.invocation.rawValue) else {
            return abort(message.sender, .protocolViolation, "ERROR: a client may answer INVOCATION only")
        }
        guard let index = pendingCall(answeredBy: message) else { return }
        var details: YieldOptions
        let isPassthru: Bool
        do throws(OptionError) {
            details = try YieldOptions.decode(bytes, message.head.dictionary, message.serializer)
            isPassthru = try checkPassthru(details, message, bytes)
        } catch {
            return abort(message.sender, error, in: .error)
        }
        let uri = bytes.extracting(message.head.uri.range)
        guard URIRules.isValid(uri, countMax: limits.uriBytesMax) else {
            return abort(message.sender, .protocolViolation, "ERROR: the error is not a URI")
        }
        let error = ErrorURI(String(uri))
        let call = calls[index]
        if error == .unavailable, isReroutedOnUnavailable(call) { return reroute(index) }
        finish(index)
        details.progress = false
        var payload = message.head.payload
        if isPassthru, !sessions[call.key.caller.slot].features.has(.payloadPassthruMode, as: .caller) {
            // An error is never lost: its URI is readable without the payload.
            details = YieldOptions()
            payload = .none
        }
        let isSent = sendPayload(payload, bytes, from: message.serializer, to: call.key.caller.slot) {
            $0.error(.call, call.key.request, error, details, $1, $2)
        }
        if !isSent { tellOversize(call.key, isOver: true) }
    }

    private func checkPassthru(
        _ options: YieldOptions, _ message: IncomingMessage, _ bytes: Span<UInt8>
    ) throws(OptionError) -> Bool {
        try PayloadPassthru.check(
            options.forwarded, of: message, bytes, from: sessions[message.sender.slot].features, as: .callee)
    }

    /// A caller that does not know payload passthru mode could not read the result: both ends are told, and the call is
    /// over.
    private mutating func refusePassthru(_ index: Int32, _ message: IncomingMessage) {
        let call = calls[index]
        finish(index)
        refuse(message, .featureNotSupported, "the caller does not know payload passthru mode")
        send(to: call.key.caller.slot) {
            $0.error(
                .call, call.key.request, .featureNotSupported,
                message: "the result came in payload passthru mode, which this session has not announced")
        }
    }

    /// A result that does not fit the caller's transport ends the call with an error; nothing is dropped in silence.
    mutating func tellOversize(_ call: CallKey, isOver: Bool) {
        let sentence = "the result is longer than the caller's transport takes"
        if !isOver, let index = calls.find(call) {
            return giveUp(index, .killnowait, .payloadSizeExceeded, sentence)
        }
        send(to: call.caller.slot) { $0.error(.call, call.request, .payloadSizeExceeded, message: sentence) }
    }

    /// The call that a YIELD or ERROR answers. Late answers (the call was given up) are dropped; an answer to an
    /// invocation that was never sent is a violation. Ids are sequential per callee, so that needs no memory.
    private mutating func pendingCall(answeredBy message: IncomingMessage) -> Int32? {
        if let index = calls.find(message.sender, message.request) { return index }
        if message.head.request > sessions[message.sender.slot].lastInvocation {
            abort(
                message.sender, .protocolViolation,
                "\(message.head.type): there was no INVOCATION \(message.head.request)")
        }
        return nil
    }

    /// Forgets a call.
    mutating func finish(_ index: Int32) {
        let call = calls[index]
        calls.remove(index)
        releaseCallee(of: call)
    }

    /// A callee with a limit may be given another call.
    mutating func releaseCallee(of call: PendingCall) {
        guard call.isCounted, registrations.contains(call.registration, id: call.registrationID) else { return }
        registrations[call.registration].release(call.membership)
    }
}
