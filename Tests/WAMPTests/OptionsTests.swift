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

    /// They may be kept for as long as an event or a call.
    @Test(arguments: [
        (#""x""#, true), ("5", true), ("[0]", false), (#"{"a": 1}"#, false),
        ("\"" + String(repeating: "x", count: 1000) + "\"", true),
        ("\"" + String(repeating: "x", count: 1025) + "\"", false),
    ])
    func `what payload passthru carries is small`(_ value: String, _ isTaken: Bool) {
        for key in ["ppt_keyid", "ppt_own", "enc_key"] {
            let options = try? publish("{\"\(key)\": \(value)}")
            #expect(options.map { $0.forwarded.map(\.key) } == (isTaken ? [key] : nil))
        }
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
        (Serializer.messagePack, [0x81, 0xA0, 0]), (.cbor, [0xA1, 0x60, 0]),
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

    /// Client libraries write every key, null where they have nothing to say. One rule for each option there is.
    @Test(arguments: Serializer.allCases)
    func `an option that is null has not been said`(_ serializer: Serializer) throws {
        func nulls(_ keys: [String]) -> [UInt8] {
            Value.dictionary(Dictionary(uniqueKeysWithValues: keys.map { ($0, Value.null) })).encoded(serializer)
        }
        let publish = nulls([
            "acknowledge", "exclude_me", "disclose_me", "retain", "rkey", "exclude", "exclude_authid",
            "exclude_authrole", "eligible", "eligible_authid", "eligible_authrole", "ppt_scheme", "enc_algo", "unknown",
        ])
        #expect(try PublishOptions.decode(publish.span, ByteRange(0, publish.count), serializer) == PublishOptions())
        let subscribe = nulls(["match", "get_retained", "nkey"])
        #expect(
            try SubscribeOptions.decode(subscribe.span, ByteRange(0, subscribe.count), serializer)
                == SubscribeOptions())
        let register = nulls([
            "match", "invoke", "force_reregister", "disclose_caller", "concurrency", "forward_timeout",
        ])
        #expect(
            try RegisterOptions.decode(register.span, ByteRange(0, register.count), serializer) == RegisterOptions())
        let call = nulls([
            "timeout", "receive_progress", "disclose_me", "progress", "runmode", "rkey", "ppt_cipher",
        ])
        #expect(try CallOptions.decode(call.span, ByteRange(0, call.count), serializer) == CallOptions())
        let yield = nulls(["progress", "ppt_serializer"])
        #expect(try YieldOptions.decode(yield.span, ByteRange(0, yield.count), serializer) == YieldOptions())
        let cancel = nulls(["mode"])
        #expect(try CancelMode.decode(cancel.span, ByteRange(0, cancel.count), serializer) == nil)
    }

    @Test(arguments: [
        #"{"match": null, "get_retained": true}"#, #"{"match" : null , "get_retained":true}"#,
        // Undefined, and null with a tag before it.
        "BF 65 6D61746368 F7 6C 6765745F72657461696E6564 F5 FF",
        "BF 65 6D61746368 C1F6 6C 6765745F72657461696E6564 F5 FF",
    ])
    func `what follows a null is read`(_ text: String) throws {
        let serializer: Serializer = text.hasPrefix("{") ? .json : .cbor
        let bytes = serializer == .json ? Array(text.utf8) : [UInt8](hex: text)
        let options = try SubscribeOptions.decode(bytes.span, ByteRange(0, bytes.count), serializer)
        #expect(options.match == .exact && options.getRetained)
    }

    @Test func `a null does not hide that its key is there twice`() {
        let bytes = Array(#"{"retain": true, "retain": null}"#.utf8)
        #expect { _ = try PublishOptions.decode(bytes.span, ByteRange(0, bytes.count), .json) } throws: {
            ($0 as? OptionError)?.key == "retain"
        }
    }

    @Test(arguments: [(#"{"timeout": 5}"#, UInt64(5)), (#"{"timeout": 2.0}"#, 2), (#"{"timeout": null}"#, 0)])
    func `a timeout is a number of milliseconds`(_ json: String, _ milliseconds: UInt64) throws {
        let bytes = Array(json.utf8)
        let options = try CallOptions.decode(bytes.span, ByteRange(0, bytes.count), .json)
        #expect(options.timeoutMilliseconds == milliseconds)
    }
}
