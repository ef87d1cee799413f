import WAMP

// Request ids in a strict realm: from 1 without gaps, whatever is requested. Spec: WAMP-04 "IDs", "Protocol Errors".

extension RealmEngine {
    /// Whether a message's request id is the next one of its session; the session is aborted when it is not.
    ///
    /// A CALL may continue an earlier one: `beginsCall` asks only for those that do not.
    mutating func isInSequence(_ message: IncomingMessage) -> Bool {
        switch message.head.type {
        case .publish, .subscribe, .unsubscribe, .register, .unregister, .call: break
        default: return true
        }
        let request = message.head.request
        // A session that is older than the rule begins where it is.
        if let last = sessions[message.sender.slot].lastRequest {
            let expected = last < identifierMax ? last + 1 : 1
            guard request == expected else {
                abort(
                    message.sender, .protocolViolation,
                    "\(message.head.type): expected request \(expected), got \(request)")
                return false
            }
        }
        sessions[message.sender.slot].lastRequest = request
        return true
    }
}
