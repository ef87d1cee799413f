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
        var shape: Shape
        var recordCount: Int
    }

    private let hasher: KeyHasher
    /// A place without a record holds `vacant`: reading one costs no look at whether there is one.
    private var records: [Record] = []
    private var freeIndices: [Int32] = []
    private var byURI: [HashIndex] = [HashIndex(), HashIndex(), HashIndex()]
    private var byID = HashIndex()
    /// Longest prefixes first, then wildcards in no particular order.
    private var shapes: [ShapeUse] = []
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

    /// Calls `body` with every pattern that matches a URI: prefixes first, the longest first, then wildcards.
    func forEachPattern(matching uri: Span<UInt8>, _ body: (Int32) -> Bool) {
        var scratch: [UInt8] = []
        for use in shapes {
            guard let index = find(use.shape, matching: uri, &scratch) else { continue }
            guard body(index) else { return }
        }
    }

    var indices: [Int32] {
        records.indices.compactMap { records[$0].id == 0 ? nil : Int32($0) }
    }

    private func find(_ shape: Shape, matching uri: Span<UInt8>, _ scratch: inout [UInt8]) -> Int32? {
        switch shape.match {
        case .exact: return nil
        case .prefix:
            guard uri.count >= shape.extent else { return nil }
            return find(uri.extracting(first: shape.extent), .prefix)
        case .wildcard:
            scratch.removeAll(keepingCapacity: true)
            guard shape.blank(uri, into: &scratch) else { return nil }
            return find(scratch.span, .wildcard)
        }
    }

    private mutating func useShape(of record: Record) {
        patternVersion &+= 1
        let shape = Shape(record.uri, record.match)
        if let position = shapes.firstIndex(where: { $0.shape == shape }) {
            shapes[position].recordCount += 1
            return
        }
        let isLonger = { (use: ShapeUse) in
            use.shape.match == .prefix && (shape.match == .wildcard || use.shape.extent > shape.extent)
        }
        let position = shapes.firstIndex { !isLonger($0) } ?? shapes.endIndex
        shapes.insert(ShapeUse(shape: shape, recordCount: 1), at: position)
    }

    private mutating func releaseShape(of record: Record) {
        patternVersion &+= 1
        let shape = Shape(record.uri, record.match)
        guard let position = shapes.firstIndex(where: { $0.shape == shape }) else { return }
        shapes[position].recordCount -= 1
        if shapes[position].recordCount == 0 { shapes.remove(at: position) }
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
