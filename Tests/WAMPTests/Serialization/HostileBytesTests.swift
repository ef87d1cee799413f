import Testing
import WAMP

/// Whatever the bytes are: no trap, no hang, and every way to read them says the same.
@Suite struct HostileBytesTests {
    /// The borders between the types of MessagePack and CBOR, and what JSON is made of.
    static let borders: [UInt8] =
        (0..<16).flatMap { high in [0x0, 0x1, 0x8, 0xF].map { high << 4 | $0 } } + Array(#""\[]{},:-+.eutfn/"#.utf8)

    @Test(arguments: Serializer.allCases)
    func `every beginning of a message is a truncated one`(_ serializer: Serializer) {
        for bytes in Samples.bytes(serializer) {
            for count in 0..<bytes.count {
                let prefix = Array(bytes.prefix(count))
                #expect(throws: WireError(.truncated, at: count)) { try Value.decode(prefix, serializer) }
                #expect(Agreement.difference(prefix, serializer) == nil)
            }
            #expect(throws: Never.self) { try Value.decode(bytes, serializer) }
        }
    }

    @Test(arguments: Serializer.allCases)
    func `other bytes in every place of a message`(_ serializer: Serializer) {
        for bytes in Samples.bytes(serializer) {
            for position in bytes.indices {
                for byte in Self.borders {
                    var changed = bytes
                    changed[position] = byte
                    if let difference = Agreement.difference(changed, serializer) {
                        Issue.record("\(changed.hex): \(difference)")
                    }
                }
            }
        }
    }

    @Test(arguments: Serializer.allCases)
    func `messages cut, spliced and changed at random`(_ serializer: Serializer) {
        var generator = SeededGenerator(seed: UInt64(serializer.rawValue))
        let samples = Samples.bytes(serializer)
        for _ in 0..<4000 {
            var bytes = samples.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0...bytes.count, using: &generator)
                let to = min(bytes.count, at + Int.random(in: 0..<6, using: &generator))
                let sample = samples.randomElement(using: &generator) ?? []
                let from = Int.random(in: 0..<sample.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.removeSubrange(at..<to)
                case 1: bytes.replaceSubrange(at..<to, with: sample[from...].prefix(12))
                default: for position in at..<to { bytes[position] = .random(in: 0...255, using: &generator) }
                }
            }
            if let difference = Agreement.difference(bytes, serializer) {
                Issue.record("\(bytes.hex): \(difference)")
            }
            if let difference = Agreement.transcodingDifference(bytes, serializer) {
                Issue.record("\(bytes.hex): \(difference)")
            }
        }
    }

    @Test(arguments: Serializer.allCases)
    func `strings of two bytes`(_ serializer: Serializer) {
        for first in UInt8.min...UInt8.max {
            for second in Self.borders {
                if let difference = Agreement.difference([first, second], serializer) {
                    Issue.record("\([first, second].hex): \(difference)")
                }
            }
        }
    }

    @Test func `a string of escapes without end, a number of digits without end`() throws {
        let escapes = [UInt8](json: "\"" + String(repeating: #"\u0000"#, count: 200_000) + "\"")
        #expect(throws: WireError(.invalidString, at: 1)) { try Value.decode(escapes, .json) }
        let text = [UInt8](json: "\"x" + String(repeating: #"\u0000"#, count: 200_000) + "\"")
        #expect(try Value.decode(text, .json).string?.utf8.count == 200_001)
        let digits = [UInt8](json: String(repeating: "9", count: 200_000))
        #expect(try Value.decode(digits, .json) == .double(.infinity))
    }
}
