import WAMP

/// The distinct shapes of the patterns of a table, and how many patterns have each.
///
/// A URI that is cut to a prefix's length, or has a wildcard's empty components blanked, *is* the pattern if it matches.
/// So matching costs one lookup for each shape that could fit, and the number of patterns costs nothing. Prefixes
/// come longest first; only wildcards with the URI's number of components are tried. A shape comes and goes in constant
/// time, however many there are: a session that leaves may take thousands with it.
struct PatternShapes: Sendable {
    /// The empty components of a wildcard, a bit each.
    typealias Blanks = [UInt64]

    /// More shapes of wildcards there are not: each of them costs every URI with as many components a lookup.
    static let wildcardsMax = 16_384

    private struct Wildcards: Sendable {
        private(set) var blanks: [Blanks] = []
        private var recordCounts: [Int] = []
        private var positions: [Blanks: Int] = [:]

        func contains(_ shape: Blanks) -> Bool { positions[shape] != nil }

        /// Whether the shape is new.
        mutating func use(_ shape: Blanks) -> Bool {
            if let position = positions[shape] {
                recordCounts[position] += 1
                return false
            }
            positions[shape] = blanks.count
            blanks.append(shape)
            recordCounts.append(1)
            return true
        }

        /// Whether nobody has the shape any more.
        mutating func release(_ shape: Blanks) -> Bool {
            guard let position = positions[shape] else { return false }
            recordCounts[position] -= 1
            guard recordCounts[position] == 0 else { return false }
            positions[shape] = nil
            blanks.swapRemove(at: position)
            recordCounts.swapRemove(at: position)
            if position < blanks.count { positions[blanks[position]] = position }
            return true
        }
    }

    /// Longest first; there are no more than a URI may be long.
    private var prefixes: [(length: Int, recordCount: Int)] = []
    /// By the number of their components.
    private var wildcards: [Int: Wildcards] = [:]
    private var wildcardCount = 0

    var isEmpty: Bool { prefixes.isEmpty && wildcards.isEmpty }
    var count: Int { prefixes.count + wildcardCount }

    /// Whether a pattern may be added.
    func hasRoom(for pattern: URIBytes, _ match: MatchPolicy) -> Bool {
        guard match == .wildcard, wildcardCount >= Self.wildcardsMax else { return true }
        let components = pattern.components
        return wildcards[components.count]?.contains(Self.blanks(components)) ?? false
    }

    mutating func use(_ pattern: URIBytes, _ match: MatchPolicy) {
        switch match {
        case .exact: break
        case .prefix:
            let position = prefixes.firstIndex { $0.length <= pattern.count } ?? prefixes.endIndex
            if position < prefixes.endIndex, prefixes[position].length == pattern.count {
                prefixes[position].recordCount += 1
            } else {
                prefixes.insert((pattern.count, 1), at: position)
            }
        case .wildcard:
            let components = pattern.components
            if wildcards[components.count, default: Wildcards()].use(Self.blanks(components)) { wildcardCount += 1 }
        }
    }

    mutating func release(_ pattern: URIBytes, _ match: MatchPolicy) {
        switch match {
        case .exact: break
        case .prefix:
            guard let position = prefixes.firstIndex(where: { $0.length == pattern.count }) else { return }
            prefixes[position].recordCount -= 1
            if prefixes[position].recordCount == 0 { prefixes.remove(at: position) }
        case .wildcard:
            let components = pattern.components
            if wildcards[components.count]?.release(Self.blanks(components)) == true { wildcardCount -= 1 }
            if wildcards[components.count]?.blanks.isEmpty == true { wildcards[components.count] = nil }
        }
    }

    /// Calls `body` with each text that a pattern would have to be to match the URI, until it returns false.
    func forEachCandidate(matching uri: Span<UInt8>, _ body: (Span<UInt8>, MatchPolicy) -> Bool) {
        for prefix in prefixes where prefix.length <= uri.count {
            guard body(uri.extracting(first: prefix.length), .prefix) else { return }
        }
        guard !wildcards.isEmpty, let wildcards = wildcards[Self.componentCount(uri)] else { return }
        var candidate: [UInt8] = []
        for blanks in wildcards.blanks {
            Self.blank(uri, blanks, into: &candidate)
            guard body(candidate.span, .wildcard) else { return }
        }
    }

    private static func blanks(_ components: [ArraySlice<UInt8>]) -> Blanks {
        var blanks = Blanks(repeating: 0, count: (components.count + 63) / 64)
        for (position, component) in components.enumerated() where component.isEmpty {
            blanks[position / 64] |= 1 << UInt64(position % 64)
        }
        return blanks
    }

    private static func componentCount(_ uri: Span<UInt8>) -> Int {
        var count = 1
        for index in uri.indices where uri[index] == UInt8(ascii: ".") { count += 1 }
        return count
    }

    /// Writes the URI without the components that are blank; it has as many components as `blanks` was made of.
    private static func blank(_ uri: Span<UInt8>, _ blanks: Blanks, into candidate: inout [UInt8]) {
        candidate.removeAll(keepingCapacity: true)
        var position = 0
        for index in uri.indices {
            let byte = uri[index]
            if byte == UInt8(ascii: ".") {
                position += 1
                candidate.append(byte)
            } else if blanks[position / 64] & (1 << UInt64(position % 64)) == 0 {
                candidate.append(byte)
            }
        }
    }
}
