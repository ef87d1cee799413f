import Testing
import WAMP

/// UAX #15, section 13, "Stream-Safe Text Format".
@Suite struct StreamSafeTextTests {
    private static let joiner: Unicode.Scalar = "\u{34F}"

    private static func marks(_ count: Int) -> String { String(repeating: "\u{301}\u{316}", count: count / 2) }

    @Test(arguments: [
        "", "plain", String(repeating: "a", count: 1000), "é", "e\(marks(30))", "e\(marks(30))e\(marks(30))",
        String(repeating: "ä€𝄞", count: 100), String(repeating: "क\u{94D}", count: 100),
    ])
    func `texts as people write them stay as they are`(text: String) {
        #expect(String(streamSafe: Array(text.utf8).span).unicodeScalars.elementsEqual(text.unicodeScalars))
    }

    @Test(arguments: [32, 60, 62, 10_000])
    func `behind each 30 combining marks in a row stands a joiner`(count: Int) {
        let text = "e" + Self.marks(count)
        let safe = String(streamSafe: Array(text.utf8).span)
        #expect(safe.unicodeScalars.filter { $0 != Self.joiner }.elementsEqual(text.unicodeScalars))
        let runs = safe.unicodeScalars.split(separator: Self.joiner).map(\.count)
        #expect(runs.dropLast().enumerated().allSatisfy { $1 == ($0 == 0 ? 31 : 30) } && (runs.last ?? 0) <= 30)
        #expect(String(streamSafe: safe).unicodeScalars.elementsEqual(safe.unicodeScalars))
    }

    /// Hashing a key of so many marks as it came would take minutes.
    @Test(arguments: Serializer.allCases)
    func `keys and texts of values are stream-safe`(_ serializer: Serializer) throws {
        let text = "a" + String(repeating: "\u{301}", count: 250_000) + String(repeating: "\u{316}", count: 250_000)
        var writer = ValueWriter(serializer)
        writer.beginDictionary(1)
        writer.key(text)
        writer.string(text)
        writer.endDictionary()
        let value = try #require(try Value.decode(writer.bytes, serializer).dictionary)
        let (key, inside) = try #require(value.first)
        #expect(key.unicodeScalars.contains(Self.joiner) && inside == .string(key))
    }
}
