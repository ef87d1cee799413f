import Testing
import WAMP

@testable import Router

@Suite struct URITableTests {
    private func record(_ id: UInt64, _ uri: String, _ match: MatchPolicy) -> Subscription {
        Subscription(id: id, uri: URIBytes(uri), match: match, created: 0)
    }

    /// The definition, without a table: what the fast way is compared with.
    private func isMatch(_ pattern: String, _ match: MatchPolicy, _ uri: String) -> Bool {
        switch match {
        case .exact: return pattern == uri
        case .prefix: return uri.hasPrefix(pattern)
        case .wildcard:
            let wanted = pattern.split(separator: ".", omittingEmptySubsequences: false)
            let components = uri.split(separator: ".", omittingEmptySubsequences: false)
            return wanted.count == components.count && zip(wanted, components).allSatisfy { $0.isEmpty || $0 == $1 }
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `finding is the same as comparing with every record, while records come and go`(_ seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        var table = URITable<Subscription>(hasher: KeyHasher(seed: seed))
        var model: [UInt64: (uri: String, match: MatchPolicy, index: Int32)] = [:]
        let words = ["a", "b", "cc", ""]
        for id in 1...400 as ClosedRange<UInt64> {
            let uri = (0...Int.random(in: 0...3, using: &random)).map { _ in words.randomElement(using: &random) ?? "a"
            }
            .joined(separator: ".")
            let match = MatchPolicy.allCases.randomElement(using: &random) ?? .exact
            if let known = table.find(Array(uri.utf8).span, match) {
                let id = table[known].id
                #expect(model[id]?.index == known)
                table.remove(known)
                model[id] = nil
            } else {
                model[id] = (uri, match, table.insert(record(id, uri, match)))
            }
            let probe = (0...Int.random(in: 0...3, using: &random)).map { _ in
                words.randomElement(using: &random) ?? "a"
            }
            .joined(separator: ".")
            var found: Set<UInt64> = []
            table.forEachPattern(matching: Array(probe.utf8).span) {
                found.insert(table[$0].id)
                return true
            }
            let expected = model.filter { $0.value.match != .exact && isMatch($0.value.uri, $0.value.match, probe) }
            #expect(found == Set(expected.keys))
            #expect(table.count == model.count)
        }
        for (id, entry) in model { #expect(table.find(id: id) == entry.index) }
    }

    @Test func `thousands of wildcards of different shapes come and go, up to a limit`() {
        var table = URITable<Subscription>(hasher: KeyHasher(seed: 1))
        let components = (0..<15).map { "n\($0)" }
        func pattern(_ number: Int) -> String {
            components.enumerated().map { number >> $0 & 1 == 1 ? "" : $1 }.joined(separator: ".")
        }
        let max = PatternShapes.wildcardsMax
        var indices = (0..<max).map { table.insert(record(UInt64($0) + 1, pattern($0), .wildcard)) }
        #expect(!table.hasRoom(for: URIBytes(pattern(max)), .wildcard))
        #expect(table.hasRoom(for: URIBytes(pattern(7)), .wildcard))
        #expect(table.hasRoom(for: URIBytes("n0."), .prefix))
        let topic = Array(components.joined(separator: ".").utf8)
        var random = RandomSource(seed: 3)
        indices.shuffle(using: &random)
        for index in indices.prefix(max - 3) { table.remove(index) }
        var found: Set<Int32> = []
        table.forEachPattern(matching: topic.span) {
            found.insert($0)
            return true
        }
        #expect(found == Set(indices.suffix(3)))
        for index in indices.suffix(3) { table.remove(index) }
        #expect(!table.hasPatterns)
    }

    @Test func `a hash index finds what was put in, and only that, under collisions`() {
        var index = HashIndex()
        for value in 0..<1000 as Range<Int32> { index.insert(UInt64(value % 7), value) }
        for value in stride(from: Int32(0), to: 1000, by: 2) { index.remove(UInt64(value % 7), value) }
        for value in 0..<1000 as Range<Int32> {
            let found = index.find(UInt64(value % 7)) { $0 == value }
            #expect(found == (value % 2 == 1 ? value : nil))
        }
        #expect(index.count == 500)
    }
}
