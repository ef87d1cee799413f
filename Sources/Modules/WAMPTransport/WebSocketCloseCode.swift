// RFC 6455 "Status Codes" and the codes that IANA registered later.

/// Why a WebSocket is closed.
package struct WebSocketCloseCode: Sendable, Hashable {
    package let rawValue: UInt16

    /// A code of our own choice; not checked.
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }

    // RFC 6455 "Defined Status Codes", and 1012 and 1013 of IANA's registry.
    package static let normalClosure = WebSocketCloseCode(1000)
    package static let goingAway = WebSocketCloseCode(1001)
    package static let protocolError = WebSocketCloseCode(1002)
    package static let unsupportedData = WebSocketCloseCode(1003)
    package static let invalidPayload = WebSocketCloseCode(1007)
    package static let policyViolation = WebSocketCloseCode(1008)
    package static let messageTooBig = WebSocketCloseCode(1009)
    package static let internalError = WebSocketCloseCode(1011)
    package static let serviceRestart = WebSocketCloseCode(1012)
    package static let tryAgainLater = WebSocketCloseCode(1013)

    /// A code that a peer sent; nil for one that must not appear on the wire (1004 to 1006, 1015, unassigned ones).
    package init?(received rawValue: UInt16) {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: self.rawValue = rawValue
        default: return nil
        }
    }
}
