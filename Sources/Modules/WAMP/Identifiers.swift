// The ids of the WAMP specification, "IDs": integers from 1 to 2^53, each kind its own type so that a session can
// never be taken for a subscription. A call is known by its caller's session and request, never by a bare number.

/// The largest id that the specification allows, 2^53: every JavaScript number up to it is exact.
package let identifierMax: UInt64 = 1 << 53

/// A session, global scope: drawn at random by the router.
package struct SessionID: Hashable, Sendable, Comparable {
    package let rawValue: UInt64
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func == (lhs: SessionID, rhs: SessionID) -> Bool { lhs.rawValue == rhs.rawValue }
    package static func < (lhs: SessionID, rhs: SessionID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A publication, global scope: drawn at random by the broker.
package struct PublicationID: Hashable, Sendable {
    package let rawValue: UInt64
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func == (lhs: PublicationID, rhs: PublicationID) -> Bool { lhs.rawValue == rhs.rawValue }
}

/// A subscription, router scope: shared by every subscriber of one topic (or pattern) of a realm.
package struct SubscriptionID: Hashable, Sendable, Comparable {
    package let rawValue: UInt64
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func == (lhs: SubscriptionID, rhs: SubscriptionID) -> Bool {
        lhs.rawValue == rhs.rawValue
    }
    package static func < (lhs: SubscriptionID, rhs: SubscriptionID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A registration, router scope: shared by every callee of one procedure (or pattern) of a realm.
package struct RegistrationID: Hashable, Sendable, Comparable {
    package let rawValue: UInt64
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func == (lhs: RegistrationID, rhs: RegistrationID) -> Bool {
        lhs.rawValue == rhs.rawValue
    }
    package static func < (lhs: RegistrationID, rhs: RegistrationID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A request, session scope: counted from 1 by whoever sends it, each direction on its own.
package struct RequestID: Hashable, Sendable {
    package let rawValue: UInt64
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func == (lhs: RequestID, rhs: RequestID) -> Bool { lhs.rawValue == rhs.rawValue }
}
