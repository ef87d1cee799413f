import WAMP

// Request ids: from 1 without gaps, whatever is requested. Spec: WAMP-04 "IDs", "Protocol Errors".

extension RealmEngine {
    /// Whether a message is to be dealt with: its request id is the next one of its session. A strict realm aborts the
    /// session when it is not, a lenient one counts it and takes it.
    ///
    /// A CALL may continue an earlier one: `beginsCall` asks only for those that do not.
    mutating func isInSequence(_ message: IncomingMessage) -> Bool {
        switch message.head.type {
        case .publish, .subscribe, .unsubscribe, .register, .unregister, .call: break
        default: return true
        }
        let request = message.head.request
        let expected = sessions[message.sender.slot].requested(request)
        guard request != expected else { return true }
        guard isStrict else {
            counters.requestIDGaps &+= 1
            return true
        }
        abort(
            message.sender, .protocolViolation, "\(message.head.type): expected request \(expected), got \(request)")
        return false
    }
}

extension SessionRecord {
    /// Takes the id of a request.
    ///
    /// - Returns: the id that was to be expected.
    fileprivate mutating func requested(_ request: UInt64) -> UInt64 {
        defer { lastRequest = request }
        return lastRequest < identifierMax ? lastRequest + 1 : 1
    }
}
