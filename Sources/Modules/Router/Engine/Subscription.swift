import WAMP

/// A subscription of the realm: one topic or pattern, shared by all its subscribers.
struct Subscription: URIRecord {
    let id: UInt64
    let uri: URIBytes
    let match: MatchPolicy
    /// Seconds since 1970.
    let created: Double
    /// The slots of the sessions that subscribed, in no order. Each session knows its place (`SessionRecord`).
    var subscribers: [Int32] = []
    /// Those of them that have a node key.
    var shards = Shards()
    /// Stays when it has no subscriber: its topics have a history, which is asked for by subscription.
    var isPermanent = false

    static let vacant = Subscription(id: 0, uri: URIBytes(""), match: .exact, created: 0)

    var subscriptionID: SubscriptionID { SubscriptionID(id) }
}

/// Which pattern subscriptions a topic matches, remembered until a pattern comes or goes.
///
/// Exact subscriptions are one lookup and are not kept here. Nor is anything where the patterns have few shapes: a
/// lookup for each costs less than to remember, and does not care how many topics there are.
struct TopicMatches: Sendable {
    private static let topicsMax = 4096
    /// So many lookups are made anew for each publication.
    static let shapesMax = 4

    private var version: UInt64 = 0
    private var topics: [(uri: [UInt8], patterns: [Int32])] = []
    private var index = HashIndex()
    private var matched: [Int32] = []

    mutating func patterns(
        matching topic: Span<UInt8>, in table: URITable<Subscription>, _ hasher: KeyHasher
    ) -> [Int32] {
        if table.patternShapeCount <= Self.shapesMax {
            // Kept for its memory.
            matched.removeAll(keepingCapacity: true)
            collect(topic, table)
            return matched
        }
        if version != table.patternVersion || topics.count >= Self.topicsMax {
            topics.removeAll(keepingCapacity: true)
            index.removeAll()
            version = table.patternVersion
        }
        let hash = hasher.hash(topic)
        if let known = index.find(hash, { [topics] in topics[Int($0)].uri.isEqual(to: topic) }) {
            return topics[Int(known)].patterns
        }
        matched = []
        collect(topic, table)
        index.insert(hash, Int32(topics.count))
        topics.append((Array(copying: topic), matched))
        return matched
    }

    private mutating func collect(_ topic: Span<UInt8>, _ table: URITable<Subscription>) {
        table.forEachPattern(matching: topic) { found in
            matched.append(found)
            return true
        }
    }
}
