import WAMP

/// The records of one kind (subscriptions or registrations) of a realm, found by URI and match policy.
///
/// Exact URIs are one hash lookup. A pattern is found by its shape: a URI cut to a prefix's length, or with a
/// wildcard's empty components blanked, *is* the pattern when it matches, so each distinct shape costs one lookup
/// and the number of patterns costs nothing.
struct URITable<Record: URIRecord>: Sendable {
    /// How a URI is turned into the only pattern of a shape that could match it.
    struct Shape: Hashable, Sendable {
        var match: MatchPolicy
        /// The length in bytes of a prefix; the number of components of a wildcard.
        var extent: Int
        /// The positions of a wildcard's empty components, a bit each.
        var blanks: [UInt64]
    }

    private struct ShapeUse: Sendable {
        var recordCount: Int
        /// Among the wildcards with as many components.
        var position: Int
    }

    /// More shapes of wildcards there are not: each of them costs every URI with as many components a lookup.
    static var wildcardShapesMax: Int { 16_384 }

    private let hasher: KeyHasher
    /// A place without a record holds `vacant`: reading one costs no look at whether there is one.
    private var records: [Record] = []
    private var freeIndices: [Int32] = []
    private var byURI: [HashIndex] = [HashIndex(), HashIndex(), HashIndex()]
    private var byID = HashIndex()
    private var shapes: [Shape: ShapeUse] = [:]
    /// The lengths of prefixes, the longest first.
    private var prefixLengths: [Int] = []
    /// The shapes of wildcards by their number of components.
    private var wildcards: [Int: [Shape]] = [:]
    private(set) var count = 0
    /// Changes whenever a pattern comes or goes, so that what was matched may be remembered until then.
    private(set) var patternVersion: UInt64 = 0

    init(hasher: KeyHasher) { self.hasher = hasher }

    var hasPatterns: Bool { !shapes.isEmpty }

    subscript(index: Int32) -> Record {
        _read {
            assert(records[Int(index)].id != 0, "a record outlived its index")
            yield records[Int(index)]
        }
        _modify {
            assert(records[Int(index)].id != 0, "a record outlived its index")
            yield &records[Int(index)]
        }
    }

    /// The record with exactly this URI or pattern.
    func find(_ uri: Span<UInt8>, _ match: MatchPolicy) -> Int32? {
        byURI[Int(match.rawValue)].find(hasher.hash(uri)) { self[$0].uri.isEqual(to: uri) }
    }

    func find(id: UInt64) -> Int32? {
        byID.find(hasher.hash(id)) { self[$0].id == id }
    }

    /// Whether the record at a place is still the one with this id.
    func contains(_ index: Int32, id: UInt64) -> Bool {
        records.indices.contains(Int(index)) && records[Int(index)].id == id
    }

    /// Adds a record whose URI and policy are not there yet.
    mutating func insert(_ record: Record) -> Int32 {
        let index: Int32
        if let free = freeIndices.popLast() {
            index = free
            records[Int(free)] = record
        } else {
            index = Int32(records.count)
            records.append(record)
        }
        byURI[Int(record.match.rawValue)].insert(hasher.hash(record.uri.bytes.span), index)
        byID.insert(hasher.hash(record.id), index)
        if record.match != .exact { useShape(of: record) }
        count += 1
        return index
    }

    mutating func remove(_ index: Int32) {
        let record = self[index]
        byURI[Int(record.match.rawValue)].remove(hasher.hash(record.uri.bytes.span), index)
        byID.remove(hasher.hash(record.id), index)
        if record.match != .exact { releaseShape(of: record) }
        records[Int(index)] = .vacant
        freeIndices.append(index)
        count -= 1
    }

    /// Whether a pattern may be added.
    func hasRoom(for pattern: URIBytes, _ match: MatchPolicy) -> Bool {
        guard match == .wildcard, shapes.count - prefixLengths.count >= Self.wildcardShapesMax else { return true }
        return shapes[Shape(pattern, match)] != nil
    }

    /// Calls `body` with every pattern that matches a URI: prefixes first, the longest first, then wildcards.
    func forEachPattern(matching uri: Span<UInt8>, _ body: (Int32) -> Bool) {
        for length in prefixLengths where length <= uri.count {
            guard let index = find(uri.extracting(first: length), .prefix) else { continue }
            guard body(index) else { return }
        }
        guard !wildcards.isEmpty, let candidates = wildcards[uri.componentCount] else { return }
        var scratch: [UInt8] = []
        for shape in candidates {
            scratch.removeAll(keepingCapacity: true)
            guard shape.blank(uri, into: &scratch), let index = find(scratch.span, .wildcard) else { continue }
            guard body(index) else { return }
        }
    }

    var indices: [Int32] {
        records.indices.compactMap { records[$0].id == 0 ? nil : Int32($0) }
    }

    private mutating func useShape(of record: Record) {
        patternVersion &+= 1
        let shape = Shape(record.uri, record.match)
        guard shapes[shape] == nil else {
            shapes[shape]?.recordCount += 1
            return
        }
        shapes[shape] = ShapeUse(recordCount: 1, position: wildcards[shape.extent]?.count ?? 0)
        switch shape.match {
        case .exact: break
        case .prefix:
            let position = prefixLengths.firstIndex { $0 < shape.extent } ?? prefixLengths.endIndex
            prefixLengths.insert(shape.extent, at: position)
        case .wildcard: wildcards[shape.extent, default: []].append(shape)
        }
    }

    private mutating func releaseShape(of record: Record) {
        patternVersion &+= 1
        let shape = Shape(record.uri, record.match)
        guard let use = shapes[shape] else { return }
        guard use.recordCount == 1 else {
            shapes[shape]?.recordCount -= 1
            return
        }
        shapes[shape] = nil
        switch shape.match {
        case .exact: break
        case .prefix: prefixLengths.removeAll { $0 == shape.extent }
        case .wildcard:
            wildcards[shape.extent]?.swapRemove(at: use.position)
            if let moved = wildcards[shape.extent], use.position < moved.count {
                shapes[moved[use.position]]?.position = use.position
            }
            if wildcards[shape.extent]?.isEmpty == true { wildcards[shape.extent] = nil }
        }
    }
}

extension URITable.Shape {
    init(_ pattern: URIBytes, _ match: MatchPolicy) {
        self.match = match
        blanks = []
        guard match == .wildcard else {
            extent = pattern.count
            return
        }
        let components = pattern.components
        extent = components.count
        blanks = Array(repeating: 0, count: (components.count + 63) / 64)
        for (position, component) in components.enumerated() where component.isEmpty {
            blanks[position / 64] |= 1 << UInt64(position % 64)
        }
    }

    /// Writes the URI with this shape's components blanked; false when it has another number of components.
    func blank(_ uri: Span<UInt8>, into pattern: inout [UInt8]) -> Bool {
        var position = 0
        for index in uri.indices {
            let byte = uri[index]
            if byte == UInt8(ascii: ".") {
                position += 1
                guard position < extent else { return false }
                pattern.append(byte)
            } else if blanks[position / 64] & (1 << UInt64(position % 64)) == 0 {
                pattern.append(byte)
            }
        }
        return position == extent - 1
    }
}

/// What a `URITable` holds.
protocol URIRecord: Sendable {
    /// Never 0, but for `vacant`.
    var id: UInt64 { get }
    var uri: URIBytes { get }
    var match: MatchPolicy { get }
    /// What stands where no record is.
    static var vacant: Self { get }
}

extension Span<UInt8> {
    /// How many components a URI has.
    fileprivate var componentCount: Int {
        var count = 1
        for index in indices where self[index] == UInt8(ascii: ".") { count += 1 }
        return count
    }
}
