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
