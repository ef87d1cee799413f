import WAMP

// Calls that come in several messages of one request id. Spec: WAMP-04 "Progressive Call Invocations".

extension RealmEngine {
    /// Whether a CALL begins a new call; one that does not has been dealt with when this returns.
    ///
    /// The highest id so far is the watermark. An id above it is a new call; any other is a candidate to continue one.
    mutating func beginsCall(_ message: IncomingMessage, _ options: CallOptions, _ bytes: Span<UInt8>) -> Bool {
        let slot = message.sender.slot
        if options.progress, !sessions[slot].features.has(.progressiveCallInvocations, as: .caller) {
            abort(
                message.sender, .protocolViolation,
                "CALL: option progress: expected HELLO to have announced progressive_call_invocations for the caller")
            return false
        }
        let request = message.head.request
        if request > sessions[slot].lastCall {
            guard isInSequence(message) else { return false }
            sessions[slot].lastCall = request
            return true
        }
        if let index = calls.find(CallKey(caller: message.sender, request: message.request)) {
            continueCall(index, message, options, bytes)
            return false
        }
        // The call may have ended while this was under way; its caller learns so, or has already.
        if sessions[slot].features.has(.progressiveCallInvocations, as: .caller) { return false }
        return isInSequence(message)
    }

    /// Whether a CALL does not belong to one that goes on, or that has ended while this was under way.
    func isNewCall(_ message: IncomingMessage) -> Bool {
        let slot = message.sender.slot
        guard message.head.request <= sessions[slot].lastCall else { return true }
        return calls.find(CallKey(caller: message.sender, request: message.request)) == nil
            && !sessions[slot].features.has(.progressiveCallInvocations, as: .caller)
    }

    /// Passes further payload on, to the same callee under the same ids. Of the options only `progress` counts.
    private mutating func continueCall(
        _ index: Int32, _ message: IncomingMessage, _ options: CallOptions, _ bytes: Span<UInt8>
    ) {
        let call = calls[index]
        guard call.isProgressing, let kept = calls.kept(index),
            kept.procedure.isEqual(to: bytes.extracting(message.head.uri.range))
        else {
            return abort(
                message.sender, .protocolViolation,
                "CALL: request \(message.head.request) is still pending, and this does not continue it")
        }
        if kept.isPassthru, message.head.payload != .none,
            !PayloadPassthru.isOneBinary(message.head.payload, bytes, message.serializer)
        {
            return abort(
                message.sender, .protocolViolation,
                "CALL: expected one binary argument, as the call began in payload passthru mode")
        }
        // Canceled with mode kill: the callee was told to stop, and what is still under way is not for it.
        guard !call.isKilled else { return }
        guard !isBehind(call.callee.slot) else {
            return giveUp(index, .killnowait, .unavailable, "the callee does not take what it is sent")
        }
        if options.progress {
            calls.forgetPayload(index)
        } else {
            calls[index].isProgressing = false
            calls.forget(index)
        }
        var details = kept.details
        details.progress = options.progress
        let registration = RegistrationID(call.registrationID)
        let isSent = sendPayload(message.head.payload, bytes, from: message.serializer, to: call.callee.slot) {
            $0.invocation(call.invocation, registration, details, $1, $2)
        }
        guard isSent else {
            return giveUp(
                index, .killnowait, .payloadSizeExceeded, "the call is longer than its callee's transport takes")
        }
        calls[index].parts = max(call.parts, call.parts &+ 1)
        holdBack(message.sender.slot, for: call.callee.slot)
    }
}
