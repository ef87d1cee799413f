import ModuleKit
import WAMP
import WAMPTransport

/// The sessions of a realm, each in a slot that is used again when it has left.
struct SessionTable: Sendable {
    /// A slot without a session holds `vacant`: reading a record costs no look at whether there is one, and the
    /// delivery of an event reads one for each receiver.
    private var records: [SessionRecord] = []
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
        records[Int(slot)] = .vacant
        freeSlots.append(slot)
    }

    /// The session in a slot that is known to be taken.
    subscript(slot: Int32) -> SessionRecord {
        _read {
            assert(!records[Int(slot)].isVacant, "an empty slot was asked for its session")
            yield records[Int(slot)]
        }
        _modify {
            assert(!records[Int(slot)].isVacant, "an empty slot was asked for its session")
            yield &records[Int(slot)]
        }
    }

    func slot(of id: SessionID) -> Int32? { slots[id] }

    func contains(_ slot: Int32) -> Bool { records.indices.contains(Int(slot)) && !records[Int(slot)].isVacant }

    /// Whether a handle's session is still the one in its slot.
    func contains(_ handle: SessionHandle) -> Bool {
        records.indices.contains(Int(handle.slot)) && records[Int(handle.slot)].id == handle.id
    }

    func handle(of slot: Int32) -> SessionHandle { SessionHandle(slot: slot, id: self[slot].id) }

    /// The sessions for which `isMeant` says yes.
    func handles(where isMeant: (SessionRecord) -> Bool = { _ in true }) -> [SessionHandle] {
        records.indices.compactMap { index in
            guard !records[index].isVacant, isMeant(records[index]) else { return nil }
            return SessionHandle(slot: Int32(index), id: records[index].id)
        }
    }
}

extension SessionRecord {
    /// What stands in a slot that no session has: its id is none that a session can have.
    fileprivate static let vacant = SessionRecord(
        JoiningSession(
            id: SessionID(0),
            principal: Principal(
                authid: "", authrole: "", authmethod: "", authprovider: "", permissions: Permissions([])),
            peer: PeerIdentity(address: "", isLoopback: false, isEncrypted: false), features: ClientFeatures(),
            format: WireFormat(serializer: .json, framing: .rawSocket), loop: 0, frameBytesMax: 0, link: NoLink()),
        outboxBytesMax: 0)

    fileprivate var isVacant: Bool { id.rawValue == 0 }

    private final class NoLink: SessionLink {
        func deliver(_ frames: Delivery) {}
    }
}
