/// The subscribers of one subscription that have a node key, and which of them a resource key belongs to.
///
/// Among the node keys the one that scores highest with the resource key takes it (rendezvous hashing): always the
/// same one while it is there, in every subscription and after a restart too; when a node comes or goes, only the
/// resources move that it takes or leaves. Spec: WAMP-04 "Sharded Subscription".
struct Shards: Sendable {
    private struct Node: Sendable {
        var hash: UInt64
        var subscriberCount: Int
    }

    /// The node keys by the slot of their subscriber.
    private var keys: [Int32: String] = [:]
    private var nodes: [String: Node] = [:]

    var isEmpty: Bool { keys.isEmpty }

    /// The node key of a subscriber; nil is one that takes everything.
    subscript(slot: Int32) -> String? {
        get { keys[slot] }
        set {
            guard newValue != nil || !keys.isEmpty else { return }
            if let known = keys.updateOrRemove(newValue, at: slot) {
                nodes[known]?.subscriberCount -= 1
                if nodes[known]?.subscriberCount == 0 { nodes[known] = nil }
            }
            if let newValue {
                nodes[newValue, default: Node(hash: Self.hash(newValue), subscriberCount: 0)].subscriberCount += 1
            }
        }
    }

    /// The node key that takes a resource; nil when no subscriber has one.
    func node(for rkey: String) -> String? {
        let resource = Self.hash(rkey)
        var best: (node: String, score: UInt64)?
        for (node, facts) in nodes {
            let score = KeyHasher.stable.hash(resource ^ facts.hash)
            if let known = best, (known.score, known.node) >= (score, node) { continue }
            best = (node, score)
        }
        return best?.node
    }

    /// Without a secret: who takes what must not change with a restart.
    private static func hash(_ key: String) -> UInt64 { KeyHasher.stable.hash(Array(key.utf8).span) }
}

extension Dictionary {
    /// Stores a value, or removes it with nil; returns what was there.
    fileprivate mutating func updateOrRemove(_ value: Value?, at key: Key) -> Value? {
        guard let value else { return removeValue(forKey: key) }
        return updateValue(value, forKey: key)
    }
}
