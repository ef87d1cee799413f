import WAMP

/// The sessions of a realm, each in a slot that is used again when it has left.
struct SessionTable: Sendable {
    private var records: [SessionRecord?] = []
    private var freeSlots: [Int32] = []
    private var slots: [SessionID: Int32] = [:]

    var count: Int { slots.count }

    mutating func insert(_ record: SessionRecord) -> Int32 {
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
            records[Int(slot)] = record
        } else {
            slot = Int32(records.count)
            records.append(record)
        }
        slots[record.id] = slot
        return slot
    }

    mutating func remove(_ slot: Int32) {
        slots[self[slot].id] = nil
        records[Int(slot)] = nil
        freeSlots.append(slot)
    }

    /// The session in a slot that is known to be taken.
    subscript(slot: Int32) -> SessionRecord {
        _read {
            guard records[Int(slot)] != nil else { preconditionFailure("an empty slot was asked for its session") }
            // The force is covered by the guard above; it lets the record be read in place.
            // swift-format-ignore: NeverForceUnwrap
            yield records[Int(slot)]!
        }
        _modify {
            guard records[Int(slot)] != nil else { preconditionFailure("an empty slot was asked for its session") }
            // As above.
            // swift-format-ignore: NeverForceUnwrap
            yield &records[Int(slot)]!
        }
    }

    func slot(of id: SessionID) -> Int32? { slots[id] }

    func contains(_ slot: Int32) -> Bool { records.indices.contains(Int(slot)) && records[Int(slot)] != nil }

    /// Whether a handle's session is still the one in its slot.
    func contains(_ handle: SessionHandle) -> Bool {
        records.indices.contains(Int(handle.slot)) && records[Int(handle.slot)]?.id == handle.id
    }

    func handle(of slot: Int32) -> SessionHandle { SessionHandle(slot: slot, id: self[slot].id) }

    /// The sessions for which `isMeant` says yes.
    func handles(where isMeant: (SessionRecord) -> Bool = { _ in true }) -> [SessionHandle] {
        records.indices.compactMap { index in
            guard let record = records[index], isMeant(record) else { return nil }
            return SessionHandle(slot: Int32(index), id: record.id)
        }
    }
}
