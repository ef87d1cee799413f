import Crypto
import Foundation
import Testing

@testable import Authentication

/// RFC 4013, RFC 3454.
@Suite struct SASLprepTests {
    @Test(
        "the examples of RFC 4013, and more",
        arguments: [
            ("I\u{AD}X", "IX"), ("user", "user"), ("USER", "USER"), ("\u{AA}", "a"), ("\u{2168}", "IX"),
            ("", ""), ("a\u{A0}b", "a b"), ("a\u{3000}b", "a b"), ("\u{FB01}", "fi"), ("e\u{301}", "é"),
            ("\u{627}1\u{628}", "\u{627}1\u{628}"), ("a\u{200B}b", "ab"), ("\u{1F600}", "\u{1F600}"),
            (" leading and trailing ", " leading and trailing "),
        ])
    func prepared(text: String, expected: String) {
        let prepared = SASLprep.prepare(text, as: .query)
        // Strings compare by canonical equivalence; here the code points have to agree.
        #expect(prepared.map { Array($0.unicodeScalars) } == Array(expected.unicodeScalars))
    }

    @Test(
        "what may not be used",
        arguments: [
            "\u{7}", "\u{627}1", "a\u{627}", "\u{627}a\u{628}", "\u{7F}", "\u{0}", "\u{E000}", "\u{FFFD}", "\u{2FF0}",
            "\u{340}\u{200E}", "\u{E0001}", "\u{85}", "\u{206A}",
            String(repeating: "a", count: 1025),
        ])
    func refused(text: String) {
        #expect(SASLprep.prepare(text, as: .query) == nil)
        #expect(SASLprep.prepare(text, as: .stored) == nil)
    }

    @Test(
        "what Unicode 3.2 did not know may be asked for, but not be stored",
        arguments: [
            "\u{1F600}", "a\u{221}", "\u{20BD}100", "\u{1E9E}", "\u{378}",
            // One that today's normalization makes an A of.
            "\u{1F130}",
        ])
    func unassigned(text: String) {
        #expect(SASLprep.prepare(text, as: .query) != nil)
        #expect(SASLprep.prepare(text, as: .stored) == nil)
    }

    @Test(arguments: ["\u{220}", "\u{20AF}", "\u{3B1}\u{3B2}", "\u{5D0}", "\u{2A6D6}", "\u{1D7FF}", "e\u{301}"])
    func `what it knew may be stored`(text: String) {
        #expect(SASLprep.prepare(text, as: .stored) == SASLprep.prepare(text, as: .query))
        #expect(SASLprep.prepare(text, as: .stored) != nil)
    }

    @Test func `preparing twice changes nothing`() {
        for text in ["I\u{AD}X", "\u{2168}", "a\u{A0}b", "\u{1E9B}\u{323}", "\u{FDFA}"] {
            guard let once = SASLprep.prepare(text, as: .stored) else { continue }
            #expect(SASLprep.prepare(once, as: .stored) == once)
        }
    }
}

@Suite struct CodePointTableTests {
    @Test(
        "over the whole code space, the tables are those of RFC 3454 as Python has them",
        arguments: [
            (CodePointTable.unassigned, "f72072c07d5a43f7c3e8072088b727fe8cd6a68b280ca022dd97f83824e01df6"),
            (.mappedToNothing, "e6bb4aa49fc1ac6ee3381b2a04b75da23f0b339a08be0e6a484838e84e11a5b0"),
            (.spaces, "3b50e256b7f67e57e720dca22ab862d954ca67348c00e4db3628d3315a0eceef"),
            (.prohibited, "1513cb7b71c55bc19c019f3f1e728fcdad718523d2babd71f58ff0b2ab818f67"),
            (.rightToLeft, "89cb6079ae76f13f4b3b96b3eae8cfac78ea7e625dc4014d1daa10a0f0b6070b"),
            (.leftToRight, "9a268e0e1abc1131c6e10837e62d1a0e9f9c235c7fb68ac64126704cfe812ce7"),
        ])
    func tables(table: CodePointTable, digest: String) {
        var bytes: [UInt8] = []
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value), table.contains(scalar) else { continue }
            for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        #expect(Hexadecimal.encode(SHA256.hash(data: bytes)) == digest)
    }
}
