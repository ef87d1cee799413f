import WAMP

// A callee that cannot attend to a call sends it back, and another one gets it without the caller knowing.
// Spec: WAMP-04 "Call Re-Routing".

extension RealmEngine {
    /// Whether a call could be given to a second callee, so that its payload has to be kept. What a session's calls
    /// keep is bounded like its outbox; beyond that a call has one callee only.
    func mayReroute(
        _ options: CallOptions, from callee: Registration.Callee, of index: Int32, _ caller: Int32
    ) -> Bool {
        // A procedure with one callee pays for no more than this line.
        guard registrations[index].callees.count > 1 else { return false }
        return options.runMode == nil && sessions[callee.slot].features.has(.callReroute, as: .callee)
            && calls.keptByteCount(of: caller) < limits.outboxBytesMax
    }

    /// Whether `wamp.error.unavailable` means "ask another one". From a callee that has not announced call re-routing it
    /// is an error like any other, and so it is when the caller has canceled or has had a part of the result.
    func isReroutedOnUnavailable(_ call: PendingCall) -> Bool {
        !call.isKilled && !call.hasProgressed && sessions[call.callee.slot].features.has(.callReroute, as: .callee)
    }

    /// Gives a call that came back to the next callee of its policy, or ends it when there is none.
    mutating func reroute(_ index: Int32) {
        let call = calls[index]
        releaseCallee(of: call)
        calls[index].isCounted = false
        guard var kept = calls.kept(index), let payload = kept.payload else { return endUnavailable(index) }
        kept.unavailable.insert(call.membership)
        guard let callee = nextCallee(of: call, &kept) else { return endUnavailable(index) }
        kept.details = invocationDetails(
            kept.options, call.key.caller.slot, kept.procedure.span, of: call.registration, callee)
        calls.forget(index)
        let invocation = nextInvocation(of: callee.slot)
        calls.move(index, to: sessions.handle(of: callee.slot), invocation)
        calls[index].membership = callee.membership
        calls[index].isCounted = callee.concurrency != nil
        calls[index].receivesProgress = kept.details.receiveProgress
        calls.keep(index, kept)
        time(index, kept.options, callee)
        let registration = RegistrationID(call.registrationID)
        let isSent = sendPayload(payload.range, payload.bytes.span, from: payload.serializer, to: callee.slot) {
            $0.invocation(invocation, registration, kept.details, $1, $2)
        }
        guard isSent else {
            finish(index)
            send(to: call.key.caller.slot) {
                $0.error(
                    .call, call.key.request, .payloadSizeExceeded,
                    message: "the call is longer than its callee's transport takes")
            }
            return
        }
        holdBack(call.key.caller.slot, for: callee.slot)
    }

    /// The next callee that can take the call; those that cannot count as unavailable.
    private mutating func nextCallee(of call: PendingCall, _ kept: inout KeptCall) -> Registration.Callee? {
        guard registrations.contains(call.registration, id: call.registrationID) else { return nil }
        while let callee = registrations[call.registration].chooseCallee(&random, except: kept.unavailable) {
            let feature = missingFeature(of: callee, kept.options, isPassthru: kept.isPassthru)
            if feature == nil, !isBehind(callee.slot) { return callee }
            release(callee, of: call.registration)
            kept.unavailable.insert(callee.membership)
        }
        return nil
    }

    private mutating func endUnavailable(_ index: Int32) {
        let call = calls[index]
        finish(index)
        send(to: call.key.caller.slot) {
            $0.error(
                .call, call.key.request, .noAvailableCallee, message: "no callee is available for this call at present")
        }
    }
}
