import WAMP

@testable import Router

// What has to hold after each message. Also compiled into the fuzz target of the engine, so it says what is wrong
// instead of expecting.

extension RealmEngine {
    /// What does not agree with the rest; nil when everything does.
    var inconsistency: String? { callInconsistency ?? tableInconsistency ?? flowInconsistency }

    /// Both lists of each session are whole, and each callee's count is right.
    private var callInconsistency: String? {
        var active: [UInt64: Int] = [:]
        var callCount = 0
        var invocationCount = 0
        for handle in sessions.handles() {
            let slot = handle.slot
            var next = calls.firstInvocation(of: slot)
            while let index = next {
                let call = calls[index]
                guard call.callee == handle, sessions.contains(call.key.caller) else {
                    return "\(call) is an invocation of \(handle)"
                }
                guard calls.find(call.callee, call.invocation) == index, calls.find(call.key) == index else {
                    return "\(call) is not found"
                }
                if call.isCounted { active[call.membership, default: 0] += 1 }
                invocationCount += 1
                next = call.calleeLinks.next >= 0 ? call.calleeLinks.next : nil
            }
            next = calls.firstCall(of: slot)
            var callsOfThis = 0
            while let index = next {
                guard calls[index].key.caller == handle else { return "\(calls[index]) is a call of \(handle)" }
                callsOfThis += 1
                next = calls[index].callerLinks.next >= 0 ? calls[index].callerLinks.next : nil
            }
            let isWithinLimit = callsOfThis <= limits.pendingCallsMax || sessions[slot].isLocal
            guard callsOfThis == calls.callCount(of: slot), isWithinLimit else {
                return "\(handle) has \(callsOfThis) calls, counted \(calls.callCount(of: slot))"
            }
            callCount += callsOfThis
        }
        guard callCount == calls.count, invocationCount == calls.count else {
            return "\(calls.count) calls: \(callCount) of callers, \(invocationCount) of callees"
        }
        for callee in registrations.indices.flatMap({ registrations[$0].callees }) {
            let count = active[callee.membership, default: 0]
            guard callee.active == count, callee.active <= callee.concurrency ?? 0 else {
                return "\(callee) has \(count) invocations"
            }
        }
        return nil
    }

    /// Sessions know what they subscribed to and registered, and it knows them; nothing is there for nobody.
    private var tableInconsistency: String? {
        for index in subscriptions.indices {
            let subscription = subscriptions[index]
            guard !subscription.subscribers.isEmpty || subscription.isPermanent else {
                return "\(subscription) is nobody's"
            }
            for (place, slot) in subscription.subscribers.enumerated() {
                guard sessions.contains(slot), sessions[slot].subscriptions[index] == Int32(place) else {
                    return "slot \(slot) does not know of \(subscription)"
                }
            }
        }
        for index in registrations.indices {
            let registration = registrations[index]
            guard !registration.callees.isEmpty else { return "\(registration) is nobody's" }
            for callee in registration.callees {
                guard sessions.contains(callee.slot), sessions[callee.slot].registrations.contains(index) else {
                    return "\(callee) does not know of \(registration)"
                }
            }
        }
        for handle in sessions.handles() {
            let session = sessions[handle.slot]
            for index in session.registrations {
                guard registrations.indices.contains(index),
                    registrations[index].callees.count(where: { $0.slot == handle.slot }) == 1
                else { return "\(handle) is not the callee that it was" }
            }
            for (index, place) in session.subscriptions {
                guard subscriptions.indices.contains(index),
                    subscriptions[index].subscribers.indices.contains(Int(place))
                else { return "\(handle) is not the subscriber that it was" }
            }
        }
        return nil
    }

    /// Who is held back is so by somebody who will let go, and nothing waits that no loop knows of.
    private var flowInconsistency: String? {
        var holders: [SessionHandle: Int] = [:]
        for handle in sessions.handles() {
            for held in sessions[handle.slot].heldBack { holders[held, default: 0] += 1 }
        }
        for handle in sessions.handles() {
            let session = sessions[handle.slot]
            guard !session.isHeldBack || holders[handle] != nil else { return "\(handle) is held back by nobody" }
            guard !session.isTouched || touched[session.loop].contains(handle.slot) else {
                return "\(handle) is touched and in no list"
            }
            guard session.outbox.isEmpty || session.isTouched || !session.isWritable else {
                return "what waits for \(handle) is not known to its loop"
            }
        }
        return nil
    }
}
