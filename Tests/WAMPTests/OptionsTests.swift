import Testing
import WAMP

/// Spec: WAMP-04 "Extensibility" and the options of each request.
@Suite struct OptionsTests {
    private func publish(_ json: String, _ serializer: Serializer = .json) throws -> PublishOptions {
        let bytes = try Value.decode(Array(json.utf8), .json).encoded(serializer)
        return try PublishOptions.decode(bytes.span, ByteRange(0, bytes.count), serializer)
    }

    @Test(arguments: Serializer.allCases)
    func `what a client writes is what the router reads`(_ serializer: Serializer) throws {
        var options = PublishOptions()
        options.acknowledge = true
        options.excludeMe = false
        options.discloseMe = true
        options.retain = true
        options.eligible = [SessionID(1)]
        options.eligibleAuthID = ["ann"]
        options.eligibleAuthRole = []
        options.exclude = [SessionID(2), SessionID(3)]
        options.excludeAuthID = ["bob"]
        options.excludeAuthRole = ["guest"]
        options.forwarded = [ForwardedOption(key: "ppt_scheme", value: "x_plant")]
        let bytes = Value.dictionary(options.dictionary).encoded(serializer)
        #expect(try PublishOptions.decode(bytes.span, ByteRange(0, bytes.count), serializer) == options)
    }

    @Test(arguments: Serializer.allCases)
    func `what a caller and a callee write is what the router reads`(_ serializer: Serializer) throws {
        var call = CallOptions()
        call.timeoutMilliseconds = 5
        call.receiveProgress = true
        call.discloseMe = true
        call.progress = true
        call.runMode = .partition
        call.resourceKey = "sn1"
        call.forwarded = [ForwardedOption(key: "ppt_scheme", value: "x_plant")]
        let callBytes = Value.dictionary(call.dictionary).encoded(serializer)
        #expect(try CallOptions.decode(callBytes.span, ByteRange(0, callBytes.count), serializer) == call)
        var register = RegisterOptions(match: .prefix, invoke: .roundrobin)
        register.forceReregister = true
        register.discloseCaller = true
        register.concurrency = 3
        register.forwardTimeout = true
        let bytes = Value.dictionary(register.dictionary).encoded(serializer)
        #expect(try RegisterOptions.decode(bytes.span, ByteRange(0, bytes.count), serializer) == register)
    }

    /// Dictionaries without an entry are not looked into; each of these is one, however it is written.
    @Test(arguments: [
        (Serializer.json, [0x7B, 0x7D]), (.json, [0x7B, 0x20, 0x7D]), (.messagePack, [0x80]),
        (.messagePack, [0xDE, 0, 0]),
        (.cbor, [0xA0]), (.cbor, [0xBF, 0xFF]), (.cbor, [0xB8, 0]),
    ])
    func `no options are the defaults`(_ serializer: Serializer, _ bytes: [UInt8]) throws {
        #expect(try CallOptions.decode(bytes.span, ByteRange(0, bytes.count), serializer) == CallOptions())
        #expect(try YieldOptions.decode(bytes.span, ByteRange(0, bytes.count), serializer) == YieldOptions())
    }

    @Test(arguments: [
        (Serializer.messagePack, [0x81, 0xA0, 0xC0]), (.cbor, [0xA1, 0x60, 0xF6]),
        (.json, Array(#"{"progress":true}"#.utf8)),
    ])
    func `the shortest dictionary with an entry is looked into`(_ serializer: Serializer, _ bytes: [UInt8]) throws {
        #expect(bytes.count > 2)
        var reader = OptionReader(serializer, ByteRange(0, bytes.count))
        let key = try reader.nextKey(bytes.span)
        #expect(key != nil)
    }

    @Test(arguments: [
        (#"{"runmode": "some"}"#, "runmode"), (#"{"runmode": 1}"#, "runmode"), (#"{"rkey": 1}"#, "rkey"),
        (#"{"progress": "yes"}"#, "progress"),
    ])
    func `a wrong type in a CALL names its key`(_ json: String, _ key: String) {
        let bytes = Array(json.utf8)
        #expect { _ = try CallOptions.decode(bytes.span, ByteRange(0, bytes.count), .json) } throws: {
            ($0 as? OptionError)?.key == key
        }
    }

    @Test func `absent options have the specification's defaults`() throws {
        #expect(try publish("{}") == PublishOptions())
        #expect(try publish(#"{"unknown": [1, {"deep": true}], "_vendor": 1}"#) == PublishOptions())
    }

    @Test(arguments: [
        (#"{"acknowledge": 1}"#, "acknowledge"), (#"{"exclude": [0]}"#, "exclude"), (#"{"eligible": {}}"#, "eligible"),
        (#"{"eligible_authid": [1]}"#, "eligible_authid"), (#"{"retain": "yes"}"#, "retain"),
    ])
    func `a wrong type names its key`(_ json: String, _ key: String) {
        #expect { _ = try publish(json) } throws: { ($0 as? OptionError)?.key == key }
    }

    @Test func `a key that is there twice is refused`() {
        let json = #"{"acknowledge": true, "x": 1, "acknowledge": false}"#
        let bytes = Array(json.utf8)
        #expect { _ = try PublishOptions.decode(bytes.span, ByteRange(0, bytes.count), .json) } throws: {
            ($0 as? OptionError)?.key == "acknowledge"
        }
    }

    @Test func `a request has at most 64 options`() {
        let entries = (0..<65).map { #""k\#($0)": 1"# }.joined(separator: ",")
        #expect(throws: OptionError.self) { _ = try publish("{\(entries)}") }
    }

    @Test func `a null means that nothing was said`() throws {
        let options = try publish(#"{"acknowledge": null, "exclude_me": null}"#)
        #expect(!options.acknowledge)
        #expect(options.excludeMe)
    }

    @Test(arguments: [(#"{"timeout": 5}"#, UInt64(5)), (#"{"timeout": 2.0}"#, 2), (#"{"timeout": null}"#, 0)])
    func `a timeout is a number of milliseconds`(_ json: String, _ milliseconds: UInt64) throws {
        let bytes = Array(json.utf8)
        let options = try CallOptions.decode(bytes.span, ByteRange(0, bytes.count), .json)
        #expect(options.timeoutMilliseconds == milliseconds)
    }
}
