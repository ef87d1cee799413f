import Testing
import WAMP

@Suite struct PayloadTests {
    @Test(arguments: Serializer.allCases)
    func `arguments come back as they were`(_ serializer: Serializer) throws {
        let payload = Payload([1, "a", [2.5]], ["k": .bytes([1, 2])], serializer: serializer)
        #expect(try payload.decodedArguments() == [1, "a", [2.5]])
        #expect(try payload.decodedArgumentsKw() == ["k": .bytes([1, 2])])
    }

    @Test func `no arguments are no bytes`() throws {
        let payload = Payload([])
        #expect(payload.arguments.isEmpty && payload.argumentsKw.isEmpty && payload.serializer == .messagePack)
        #expect(try payload.decodedArguments() == [])
        #expect(try payload.decodedArgumentsKw() == [:])
        #expect(try payload.transcoded(to: .json) == Payload(serializer: .json))
    }

    @Test func `keyword arguments never come without a list before them`() throws {
        #expect(Payload([], ["k": 1]).arguments == [0x90])
    }

    @Test(arguments: Serializer.allCases, Serializer.allCases)
    func `arguments reach a peer of another serializer`(_ source: Serializer, _ target: Serializer) throws {
        let payload = try Payload(["ä\n", .bytes([0]), 1], ["k": [nil]], serializer: source).transcoded(to: target)
        #expect(payload == Payload(["ä\n", .bytes([0]), 1], ["k": [nil]], serializer: target))
    }

    @Test func `what is no list, or no dictionary, is refused`() {
        let payload = Payload(serializer: .json, arguments: [UInt8](json: "{}"), argumentsKw: [UInt8](json: "[]"))
        #expect(throws: WireError(.invalidMessage, at: 0)) { try payload.decodedArguments() }
        #expect(throws: WireError(.invalidMessage, at: 0)) { try payload.decodedArgumentsKw() }
    }
}
