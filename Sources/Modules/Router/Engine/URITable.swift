import WAMP

/// The records of one kind (subscriptions or registrations) of a realm, found by URI and match policy.
///
/// Exact URIs are one hash lookup; patterns are found by their shapes (`PatternShapes`).
struct URITable<Record: URIRecord>: Sendable {
    private let hasher: KeyHasher
    /// A place without a record holds `vacant`: reading one costs no look at whether there is one.
    private var records: [Record] = []
    private var freeIndices: [Int32] = []
    private var byURI: [HashIndex] = [HashIndex(), HashIndex(), HashIndex()]
    private var byID = HashIndex()
    private var shapes = PatternShapes()
    private(set) var count = 0
    /// Changes whenever a pattern comes or goes, so that what was matched may be remembered until then.
    private(set) var patternVersion: UInt64 = 0

    init(hasher: KeyHasher) { self.hasher = hasher }

    var hasPatterns: Bool { !shapes.isEmpty }
    /// How many lookups it takes to find the patterns that a URI matches, at most.
    var patternShapeCount: Int { shapes.count }

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
        if record.match != .exact {
            patternVersion &+= 1
            shapes.use(record.uri, record.match)
        }
        count += 1
        return index
    }

    mutating func remove(_ index: Int32) {
        let record = self[index]
        byURI[Int(record.match.rawValue)].remove(hasher.hash(record.uri.bytes.span), index)
        byID.remove(hasher.hash(record.id), index)
        if record.match != .exact {
            patternVersion &+= 1
            shapes.release(record.uri, record.match)
        }
        records[Int(index)] = .vacant
        freeIndices.append(index)
        count -= 1
    }

    /// Whether a pattern may be added.
    func hasRoom(for pattern: URIBytes, _ match: MatchPolicy) -> Bool {
        shapes.hasRoom(for: pattern, match)
    }

    /// Calls `body` with every pattern that matches a URI: prefixes first, the longest first, then wildcards.
    func forEachPattern(matching uri: Span<UInt8>, _ body: (Int32) -> Bool) {
        shapes.forEachCandidate(matching: uri) { candidate, match in
            find(candidate, match).map(body) ?? true
        }
    }

    var indices: [Int32] {
        records.indices.compactMap { records[$0].id == 0 ? nil : Int32($0) }
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
