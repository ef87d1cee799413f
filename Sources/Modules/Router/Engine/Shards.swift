/// The subscribers of one subscription that have a node key, and which of them a resource key belongs to.
///
/// Among the node keys the one that scores highest with the resource key takes it (rendezvous hashing): always the
/// same one while it is there, in every subscription and after a restart too; when a node comes or goes, only the
/// resources move that it takes or leaves. Spec: WAMP-04 "Sharded Subscription".
struct Shards: Sendable {
    /// The node keys by the slot of their subscriber.
    private var keys: [Int32: String] = [:]
    /// How many subscribers each node key has.
    private var nodes: [String: Int] = [:]

    var isEmpty: Bool { keys.isEmpty }

    /// The node key of a subscriber; nil is one that takes everything.
    subscript(slot: Int32) -> String? {
        get { keys[slot] }
        set {
            guard newValue != nil || !keys.isEmpty else { return }
            if let known = keys.updateOrRemove(newValue, at: slot) {
                let others = (nodes[known] ?? 1) - 1
                nodes[known] = others > 0 ? others : nil
            }
            if let newValue { nodes[newValue, default: 0] += 1 }
        }
    }

    /// The node key that takes a resource; nil when no subscriber has one.
    func node(for rkey: String) -> String? {
        var best: (node: String, score: UInt64)?
        for node in nodes.keys {
            let score = Self.score(node, rkey)
            if let known = best, (known.score, known.node) >= (score, node) { continue }
            best = (node, score)
        }
        return best?.node
    }

    /// FNV-1a over both keys, and a last mix. Without a secret: who takes what must not change with a restart.
    private static func score(_ node: String, _ rkey: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for byte in node.utf8 { add(byte) }
        // No byte of UTF-8, so that where one key ends and the other begins cannot be mistaken.
        add(0xFF)
        for byte in rkey.utf8 { add(byte) }
        hash ^= hash >> 33
        hash &*= 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 33
        hash &*= 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }
}

extension Dictionary {
    /// Stores a value, or removes it with nil; returns what was there.
    fileprivate mutating func updateOrRemove(_ value: Value?, at key: Key) -> Value? {
        guard let value else { return removeValue(forKey: key) }
        return updateValue(value, forKey: key)
    }
}
