import Testing

@testable import Authentication

@Suite struct HexadecimalTests {
    @Test(arguments: [([], ""), ([0, 0xFF], "00ff"), ([0x1A, 0xB2], "1ab2")] as [([UInt8], String)])
    func `bytes and digits are one another`(bytes: [UInt8], digits: String) {
        #expect(Hexadecimal.encode(bytes) == digits)
        #expect(Hexadecimal.decode(digits) == bytes)
        #expect(Hexadecimal.decode(digits.uppercased(), byteCount: bytes.count) == bytes)
    }

    @Test(arguments: ["0", "0g", "0x00", " 00", "00 ", "٠٠", "-1"])
    func `anything else is none`(digits: String) {
        #expect(Hexadecimal.decode(digits) == nil)
    }

    @Test func `so many bytes, and no others`() {
        #expect(Hexadecimal.decode("0001", byteCount: 1) == nil)
        #expect(Hexadecimal.decode("0001", byteCount: 3) == nil)
    }
}
