import Testing

@testable import WAMPTransport

@Suite struct UTF8ValidatorTests {
    /// The standard library is the reference: a text is valid when it decodes without a repair.
    private func reference(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    @Test func `every sequence of two bytes is judged like the standard library does`() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let bytes = [first, second]
                #expect(bytes.withUnsafeBytes { UTF8Validator.isValid($0) } == reference(bytes), "\(bytes)")
            }
        }
    }

    @Test func `the edges of every range`() {
        let edges: [UInt8] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5,
        ]
        for first in edges {
            for second in edges {
                for third in edges {
                    for fourth in edges {
                        let bytes = [first, second, third, fourth]
                        guard bytes.withUnsafeBytes({ UTF8Validator.isValid($0) }) != reference(bytes) else { continue }
                        Issue.record("\(bytes)")
                    }
                }
            }
        }
    }

    @Test func `a text is judged alike however it is cut`() {
        let text = Array("plain ascii of some length, κόσμε, 漢字, 🙂 and \u{10FFFF} to the end".utf8)
        for cut in 0...text.count {
            var validator = UTF8Validator()
            #expect(text[..<cut].withUnsafeBytes { validator.consume($0) })
            #expect(text[cut...].withUnsafeBytes { validator.consume($0) })
            #expect(validator.isComplete)
        }
    }
}
