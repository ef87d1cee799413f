/// How many connections there are, and whether one more may come. Pure: `OpenConnections` guards and uses it.
struct ConnectionTally: Sendable {
    /// Why a connection is not admitted.
    enum Refusal: String, Error, Sendable, CaseIterable {
        case connectionsMax = "limits.connections"
        case connectionsPerAddressMax = "limits.connections_per_address"
        case connectionsUnauthenticatedMax = "limits.connections_unauthenticated"
    }

    private(set) var connections = 0
    private(set) var unauthenticated = 0
    /// address → connections; only addresses that have some.
    private var perAddress: [PeerAddress.LimitKey: Int] = [:]
    private let limits: ListenerConfiguration.Limits

    init(limits: ListenerConfiguration.Limits) { self.limits = limits }

    /// Counts a new connection, which nobody has authenticated yet.
    ///
    /// - Parameters:
    ///   - key: the address under which it is counted, if it is.
    ///   - isLocal: it came over the unix socket and is never refused: when the network has taken all there is, that
    ///     is the way in for who has to mend it.
    mutating func admit(_ key: PeerAddress.LimitKey?, isLocal: Bool = false) throws(Refusal) {
        guard isLocal || connections < limits.connectionsMax else { throw .connectionsMax }
        guard isLocal || unauthenticated < limits.connectionsUnauthenticatedMax else {
            throw .connectionsUnauthenticatedMax
        }
        if let key { try count(key) }
        connections += 1
        unauthenticated += 1
    }

    /// One that was admitted turns out to be from another address.
    mutating func move(from key: PeerAddress.LimitKey?, to other: PeerAddress.LimitKey?) throws(Refusal) {
        if let other { try count(other) }
        if let key { discount(key) }
    }

    private mutating func count(_ key: PeerAddress.LimitKey) throws(Refusal) {
        guard perAddress[key, default: 0] < limits.connectionsPerAddressMax else { throw .connectionsPerAddressMax }
        perAddress[key, default: 0] += 1
    }

    private mutating func discount(_ key: PeerAddress.LimitKey) {
        guard let count = perAddress[key] else { return }
        perAddress[key] = count > 1 ? count - 1 : nil
    }

    /// One that was admitted has been authenticated.
    mutating func authenticated() { unauthenticated -= 1 }

    /// One that was authenticated begins anew.
    mutating func beganAnew(isLocal: Bool = false) throws(Refusal) {
        guard isLocal || unauthenticated < limits.connectionsUnauthenticatedMax else {
            throw .connectionsUnauthenticatedMax
        }
        unauthenticated += 1
    }

    /// One that was admitted is gone.
    mutating func closed(_ key: PeerAddress.LimitKey?, wasAuthenticated: Bool) {
        connections -= 1
        if !wasAuthenticated { unauthenticated -= 1 }
        if let key { discount(key) }
    }
}
