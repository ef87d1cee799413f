import WAMP

/// What a session's permissions said before, by action and URI: a session uses few URIs, and many times.
struct DecisionCache: Sendable {
    private struct Entry: Sendable {
        var action: Action
        var match: MatchPolicy
        var uri: [UInt8]
        var isAllowed: Bool
    }

    private static let entriesMax = 512

    private var entries: [Entry] = []
    private var index = HashIndex()

    /// The remembered decision, or the one that `decide` makes now.
    mutating func decision(
        _ action: Action, _ uri: Span<UInt8>, _ match: MatchPolicy, _ hasher: KeyHasher, _ decide: () -> Bool
    ) -> Bool {
        let hash = hasher.hash(uri) &+ UInt64(action.rawValue) &* 3 &+ UInt64(match.rawValue)
        let known = index.find(hash) { [entries] position in
            let entry = entries[Int(position)]
            return entry.action == action && entry.match == match && entry.uri.isEqual(to: uri)
        }
        if let known { return entries[Int(known)].isAllowed }
        if entries.count >= Self.entriesMax {
            entries.removeAll()
            index.removeAll()
        }
        let isAllowed = decide()
        index.insert(hash, Int32(entries.count))
        entries.append(Entry(action: action, match: match, uri: Array(copying: uri), isAllowed: isAllowed))
        return isAllowed
    }
}

extension [UInt8] {
    init(copying span: Span<UInt8>) {
        self = span.withUnsafeBufferPointer { Array($0) }
    }

    mutating func append(copying span: Span<UInt8>) {
        span.withUnsafeBufferPointer { append(contentsOf: $0) }
    }

    func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}

extension String {
    /// The text of bytes that were checked to be UTF-8.
    init(_ span: Span<UInt8>) { self.init(streamSafe: span) }
}
