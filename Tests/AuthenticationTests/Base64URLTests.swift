import Testing

@testable import Authentication

@Suite struct Base64URLTests {
    @Test(
        arguments: [
            ([], ""), ([0], "AA"), ([0xFB, 0xFF], "-_8"), ([1, 2, 3], "AQID"),
        ] as [([UInt8], String)])
    func `bytes and text are one another`(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(arguments: ["A", "AA=", "AA==", "AB", "+_8", "A A", "ü", "AQID\n"])
    func `each value has one spelling`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
