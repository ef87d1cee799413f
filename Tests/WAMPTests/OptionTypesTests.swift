import Testing
import WAMP

/// Which type each option has, in every serializer. Spec: the options of each request, by section.
@Suite struct OptionTypesTests {
    private enum Request: CaseIterable { case publish, subscribe, register, call, cancel }

    private func key(refused options: Value, of request: Request, _ serializer: Serializer) -> String? {
        let bytes = options.encoded(serializer)
        let range = ByteRange(0, bytes.count)
        do throws(OptionError) {
            switch request {
            case .publish: _ = try PublishOptions.decode(bytes.span, range, serializer)
            case .subscribe: _ = try SubscribeOptions.decode(bytes.span, range, serializer)
            case .register: _ = try RegisterOptions.decode(bytes.span, range, serializer)
            case .call: _ = try CallOptions.decode(bytes.span, range, serializer)
            case .cancel: _ = try CancelMode.decode(bytes.span, range, serializer)
            }
            return nil
        } catch {
            return error.key
        }
    }

    private static let anything: [Value] = [true, 7, -1, "text", [], [7], ["text"], [["text"]], [:], ["k": 1]]
    private static let booleans: [Value] = [true, false, nil]
    private static let sessions: [Value] = [[], [7], [7, 9_007_199_254_740_992], nil]
    private static let names: [Value] = [[], ["text"], ["anna", ""], nil]

    private static let rules: [(request: Request, option: String, takes: [Value])] = [
        (.publish, "acknowledge", booleans), (.publish, "exclude_me", booleans), (.publish, "disclose_me", booleans),
        (.publish, "retain", booleans), (.publish, "exclude", sessions), (.publish, "eligible", sessions),
        (.publish, "exclude_authid", names), (.publish, "exclude_authrole", names),
        (.publish, "eligible_authid", names),
        (.publish, "eligible_authrole", names), (.subscribe, "match", ["exact", "prefix", "wildcard"]),
        (.subscribe, "get_retained", booleans), (.register, "match", ["exact", "prefix", "wildcard"]),
        (.register, "invoke", ["single", "first", "last", "roundrobin", "random"]),
        (.register, "force_reregister", booleans), (.call, "timeout", [0, 7, 1e3, nil]),
        (.call, "receive_progress", booleans), (.call, "disclose_me", booleans),
        (.cancel, "mode", ["skip", "kill", "killnowait"]),
    ]

    @Test(arguments: Serializer.allCases)
    func `an option takes its own type and no other, and says its name`(_ serializer: Serializer) {
        for (request, option, takes) in Self.rules {
            for value in takes {
                #expect(key(refused: [option: value], of: request, serializer) == nil, "\(option): \(value)")
            }
            for value in Self.anything where !takes.contains(value) {
                #expect(key(refused: [option: value], of: request, serializer) == option, "\(option): \(value)")
            }
        }
    }

    @Test(arguments: Serializer.allCases)
    func `an option that nobody knows may be of any type`(_ serializer: Serializer) {
        for request in Request.allCases {
            for value in Self.anything + [nil] {
                for option in ["transaction_hash", "forward_for", "_vendor_option", "x"] {
                    #expect(key(refused: [option: value], of: request, serializer) == nil)
                }
            }
        }
    }
}
