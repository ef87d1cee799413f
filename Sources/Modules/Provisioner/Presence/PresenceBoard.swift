/// Which devices are here: what the session meta events of all app realms add up to. Pure.
struct PresenceBoard: Sendable {
    /// One device, as long as this process has seen it.
    struct Entry: Sendable, Hashable {
        /// Open sessions, by realm.
        var sessions: [String: Set<UInt64>] = [:]
        /// Where its last session came from; nil when the router did not say.
        var address: String?
        /// Milliseconds since 1970: when its last session was opened or closed.
        var lastSeen: Int64
        /// How often it has joined since this process began.
        var joins: Int64 = 0

        var isConnected: Bool { !sessions.isEmpty }
        var realms: [String] { sessions.keys.sorted() }
        var sessionCount: Int { sessions.values.reduce(0) { $0 + $1.count } }
    }

    private var entries: [String: Entry] = [:]
    /// Whose session it is; a session that leaves says its authid, but not every router does.
    private var owners: [UInt64: String] = [:]

    subscript(serial: String) -> Entry? { entries[serial] }

    /// The devices that are here, by their serial numbers.
    var connected: [String] { entries.filter { $0.value.isConnected }.map(\.key) }

    /// How many devices are connected to a realm.
    func count(in realm: String) -> Int {
        entries.values.count { $0.sessions[realm] != nil }
    }

    mutating func joined(_ serial: String, realm: String, session: UInt64, address: String?, at now: Int64) {
        var entry = entries[serial] ?? Entry(lastSeen: now)
        entry.sessions[realm, default: []].insert(session)
        entry.address = address ?? entry.address
        entry.lastSeen = now
        entry.joins += 1
        entries[serial] = entry
        owners[session] = serial
    }

    /// - Returns: whose session it was; nil when it was no device's.
    mutating func left(_ session: UInt64, realm: String, at now: Int64) -> String? {
        guard let serial = owners.removeValue(forKey: session), var entry = entries[serial] else { return nil }
        entry.sessions[realm]?.remove(session)
        if entry.sessions[realm]?.isEmpty == true { entry.sessions[realm] = nil }
        entry.lastSeen = now
        entries[serial] = entry
        return serial
    }

    /// A device was removed: nothing of it is remembered.
    mutating func forget(_ serial: String) {
        entries[serial] = nil
        owners = owners.filter { $0.value != serial }
    }
}
