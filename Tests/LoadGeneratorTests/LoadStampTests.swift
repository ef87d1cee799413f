import Testing

@testable import LoadGenerator

@Suite struct LoadStampTests {
    @Test(arguments: [(0, 0), (1, 1), (65_535, (1 << 48) - 1), (258, 0x1234_5678_9ABC)] as [(Int, UInt64)])
    func `a stamp is read as it was written`(_ publisher: Int, _ time: UInt64) {
        var bytes = Array("ab".utf8) + Array(repeating: UInt8(ascii: "x"), count: 20)
        let stamp = LoadStamp(publisher: publisher, time: time)
        stamp.write(to: &bytes, at: 2)
        #expect(LoadStamp(bytes.span, at: 2) == stamp)
        #expect(bytes[..<2] == Array("ab".utf8)[...] && bytes[18] == UInt8(ascii: "x"))
    }

    @Test(arguments: ["", "0000000000000000", "g0000000000000000", "123"])
    func `what is no stamp is none`(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(LoadStamp(bytes.span, at: text.count == 16 ? 1 : 0) == nil)
        #expect(LoadStamp(bytes.span, at: -1) == nil)
    }

    @Test func `an age survives the clock's 48 bits running over`() {
        let stamp = LoadStamp(publisher: 0, time: (1 << 48) - 10)
        #expect(stamp.age(at: (1 << 48) + 5) == 15)
    }
}
