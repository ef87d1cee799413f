import WAMP

// Calls that end before they are answered. Spec: WAMP-04 "Call Canceling", "Call Timeouts", "Caller Leaving During an
// RPC Invocation", "Callee Leaving During an RPC Invocation".

extension RealmEngine {
    mutating func cancel(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let asked: CancelMode?
        do throws(OptionError) {
            asked = try CancelMode.decode(bytes, message.head.dictionary, message.serializer)
        } catch {
            return abort(message.sender, error, in: .cancel)
        }
        // The result may have crossed the CANCEL on the wire: then there is nothing left to do.
        guard let index = calls.find(CallKey(caller: message.sender, request: message.request)) else { return }
        let mode = asked ?? .killnowait
        if mode == .kill, calls[index].isKilled { return }
        giveUp(index, mode, .canceled, "the caller canceled the call")
    }

    /// Ends a call without its callee. A callee that cannot be interrupted is left alone, and one that was interrupted
    /// is not interrupted again.
    mutating func giveUp(_ index: Int32, _ asked: CancelMode, _ uri: ErrorURI, _ sentence: String) {
        let call = calls[index]
        let mode = sessions[call.callee.slot].features.has(.callCanceling, as: .callee) ? asked : .skip
        if mode != .skip, !call.isKilled {
            send(to: call.callee.slot) { $0.interrupt(call.invocation, mode, reason: uri) }
        }
        if mode == .kill {
            calls[index].isKilled = true
            calls.forgetPayload(index)
            return
        }
        finish(index)
        send(to: call.key.caller.slot) { $0.error(.call, call.key.request, uri, message: sentence) }
    }

    /// A session is leaving: its callers are told, its callees interrupted where they have not been already.
    mutating func abandonCalls(of session: SessionHandle) {
        while let index = calls.firstCall(of: session.slot) {
            let call = calls[index]
            finish(index)
            let isInterruptible = sessions[call.callee.slot].features.has(.callCanceling, as: .callee)
            if call.callee != session, isInterruptible, !call.isKilled {
                send(to: call.callee.slot) { $0.interrupt(call.invocation, .killnowait, reason: .canceled) }
            }
        }
        while let index = calls.firstInvocation(of: session.slot) {
            let call = calls[index]
            finish(index)
            send(to: call.key.caller.slot) {
                $0.error(.call, call.key.request, .canceled, message: "the callee left before it answered")
            }
        }
    }

    // MARK: Deadlines

    /// When `deadlineReached` wants to be called next, in the engine's milliseconds.
    var nextDeadline: UInt64? {
        guard let detachment = detachments.next else { return deadlines.next }
        return deadlines.next.map { min($0, detachment) } ?? detachment
    }

    /// Gives up the calls whose time has come (spec: "Call Timeouts"), and the sessions that nobody has resumed.
    mutating func deadlineReached() {
        endDetachedSessions()
        while let timer = deadlines.popDue(now: now) {
            guard let index = calls.find(timer) else { continue }
            let deadline = calls[index].deadline
            // Progress has put the deadline off.
            if deadline > now {
                deadlines.insert(timer, at: deadline)
                continue
            }
            let sentence = "no result within \(calls[index].timeoutMilliseconds) ms"
            giveUp(index, .killnowait, .timeout, sentence)
        }
    }

    /// Sets a call's deadline, from the call to the first result and from result to result. The payload of a
    /// progressive invocation that follows does not put it off: its timeout is about results.
    mutating func schedule(_ index: Int32) {
        let timeout = calls[index].timeoutMilliseconds
        guard timeout > 0 else { return }
        let deadline = now &+ min(timeout, 1 << 40)
        calls[index].deadline = deadline
        guard let timer = calls.startTimer(index) else { return }
        // A call that is over leaves its entry behind: they may be as many as those that are not, and no more.
        if deadlines.count > 2 * calls.timedCount + Self.staleDeadlinesMax {
            let calls = calls
            deadlines.removeAll { calls.find($0) == nil }
        }
        deadlines.insert(timer, at: deadline)
    }

    /// Another callee has the call: who keeps the caller's timeout may have changed. What the dealer keeps goes on.
    mutating func time(_ index: Int32, _ options: CallOptions, _ callee: Registration.Callee) {
        let keepsTimeout = keepsTimeout(callee, of: calls[index].key.caller.slot)
        calls[index].timeoutMilliseconds = keepsTimeout ? 0 : options.timeoutMilliseconds
        if keepsTimeout {
            calls.stopTimer(index)
        } else if calls[index].timer == 0 {
            schedule(index)
        }
    }

    private static let staleDeadlinesMax = 1024
}
