/// A hash index from keys that live elsewhere to small integers: open addressing, linear probing, no keys of its own.
///
/// The one table behind URIs and request ids. The owner hashes the key and says whether an entry is the one it
/// means; looking up allocates nothing, so a URI can be found by the bytes it has in a frame.
struct HashIndex: Sendable {
    private struct Slot: Sendable {
        var hash: UInt64
        /// What the owner stored, or `free`.
        var value: Int32
    }

    private static let free: Int32 = -1

    private var slots: [Slot] = []
    private(set) var count = 0

    /// The value stored under a hash for which `matches` says yes.
    func find(_ hash: UInt64, _ matches: (Int32) -> Bool) -> Int32? {
        guard count > 0 else { return nil }
        let mask = slots.count - 1
        var position = Int(truncatingIfNeeded: hash) & mask
        while slots[position].value != Self.free {
            if slots[position].hash == hash, matches(slots[position].value) { return slots[position].value }
            position = (position + 1) & mask
        }
        return nil
    }

    /// Stores a value (>= 0) that is not there yet.
    mutating func insert(_ hash: UInt64, _ value: Int32) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        place(Slot(hash: hash, value: value))
        count += 1
    }

    /// Removes a value that was stored under this hash, closing the gap behind it.
    mutating func remove(_ hash: UInt64, _ value: Int32) {
        guard count > 0 else { return }
        let mask = slots.count - 1
        var position = Int(truncatingIfNeeded: hash) & mask
        while slots[position].value != value {
            if slots[position].value == Self.free { return }
            position = (position + 1) & mask
        }
        count -= 1
        var gap = position
        var next = (gap + 1) & mask
        while slots[next].value != Self.free {
            let home = Int(truncatingIfNeeded: slots[next].hash) & mask
            // The entry may move back unless its home lies between the gap and where it stands.
            if (next &- home) & mask >= (next &- gap) & mask {
                slots[gap] = slots[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        slots[gap].value = Self.free
        if slots.count > 64, count * 8 < slots.count { rebuild(slots.count / 2) }
    }

    mutating func removeAll() {
        slots = []
        count = 0
    }

    private mutating func place(_ slot: Slot) {
        let mask = slots.count - 1
        var position = Int(truncatingIfNeeded: slot.hash) & mask
        while slots[position].value != Self.free { position = (position + 1) & mask }
        slots[position] = slot
    }

    private mutating func grow() { rebuild(max(8, slots.count * 2)) }

    private mutating func rebuild(_ capacity: Int) {
        let old = slots
        slots = Array(repeating: Slot(hash: 0, value: Self.free), count: capacity)
        for slot in old where slot.value != Self.free { place(slot) }
    }
}

/// Hashes keys with a secret of the process, so that nobody outside can choose URIs that collide.
struct KeyHasher: Sendable {
    private let seed: UInt64

    /// - Parameter seed: random in production.
    init(seed: UInt64) { self.seed = seed | 1 }

    func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var state = seed
        var index = 0
        let count = bytes.count
        while index + 8 <= count {
            var word: UInt64 = 0
            for offset in 0..<8 { word |= UInt64(bytes[index + offset]) << UInt64(offset * 8) }
            state = Self.mix(state ^ word, seed ^ 0xA076_1D64_78BD_642F)
            index += 8
        }
        var tail: UInt64 = 0
        while index < count {
            tail = tail << 8 | UInt64(bytes[index])
            index += 1
        }
        return Self.mix(state ^ tail, UInt64(truncatingIfNeeded: count) ^ 0xE703_7ED1_A0B4_28DB)
    }

    func hash(_ id: UInt64) -> UInt64 { Self.mix(id ^ seed, 0xE703_7ED1_A0B4_28DB) }

    private static func mix(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }
}
