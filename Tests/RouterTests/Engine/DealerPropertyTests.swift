import Testing
import WAMP

@testable import Router

/// Whatever sessions send each other, in whatever order, the dealer neither traps nor forgets: thousands of random
/// messages of the kinds that belong to calls, most of them right and some of them not, then everybody leaves.
@Suite struct DealerPropertyTests {
    private static let names = ["a", "b", "c", "d", "e", "f"]
    private static let policies = ["single", "roundrobin", "random", "first", "last"]
    private static let features = [
        Transcript.allFeatures,
        #"{"caller": {"features": {"progressive_call_invocations": true}}, "callee": {"features": {"call_reroute": true}}}"#,
        #"{"caller": {}, "callee": {}}"#,
    ]

    private var realm = Transcript()
    private var random = RandomSource(seed: 0)
    private var requests: [String: Int] = [:]
    private var generation = 0

    private mutating func below(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    private mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }
    private mutating func maybe(_ text: String, _ percent: Int) -> String { below(100) < percent ? text : "" }

    private mutating func join(_ name: String) throws {
        try realm.join(
            name, serializer: pick(Serializer.allCases), frameBytesMax: pick([512, 1 << 24]),
            trustlevel: pick([nil, 3]), features: pick(Self.features))
        requests[name] = 0
    }

    private mutating func procedure() -> String { pick(["com.p", "com.q", "com.r.x", "com.r.y"]) }

    private mutating func payload() -> String {
        pick([
            "", #", [1]"#, #", [1, "x"], {"k": 2}"#, #", ["\u0000AAEC"]"#,
            ", [\"\(String(repeating: "x", count: 600))\"]",
        ])
    }

    /// Options of a CALL: a braceless list that may be empty.
    private mutating func callOptions() -> String {
        let options = [
            maybe(#""progress": true"#, 30), maybe(#""receive_progress": true"#, 40), maybe(#""timeout": 50"#, 30),
            maybe(#""disclose_me": true"#, 20), maybe(#""runmode": "partition", "rkey": "k""#, 10),
            maybe(#""ppt_scheme": "x""#, 15),
        ]
        return "{\(options.filter { !$0.isEmpty }.joined(separator: ", "))}"
    }

    /// One message that a session could send, and now and then one that it may not.
    private mutating func message(of name: String) -> String {
        let last = requests[name, default: 0]
        let invocation = 1 + below(12)
        switch below(20) {
        case 0...7:
            // A new call, or one that goes on; sometimes a gap, sometimes an old id.
            let request = pick([last + 1, last + 1, last + 2, max(1, last), max(1, last - 1)])
            requests[name] = max(last, request)
            return #"[48, \#(request), \#(callOptions()), "\#(procedure())"\#(payload())]"#
        case 8...11:
            return #"[70, \#(invocation), {\#(pick([#""progress": true"#, "", #""ppt_scheme": "x""#]))}\#(payload())]"#
        case 12...14:
            return #"[8, 68, \#(invocation), {}, "\#(pick(["wamp.error.unavailable", "com.error"]))"]"#
        case 15: return #"[49, \#(max(1, last)), {"mode": "\#(pick(["skip", "kill", "killnowait"]))"}]"#
        case 16:
            return #"[66, \#(last + 1), \#(1 + below(20))]"#
        case 17:
            return #"[48, \#(last + 1), {}, "wamp.registration.remove_callee", [\#(1 + below(20)), \#(1 + below(20))]]"#
        default:
            let (match, uri) = pick([("exact", procedure()), ("prefix", "com."), ("wildcard", "com..x")])
            let options =
                #""match": "\#(match)", "invoke": "\#(pick(Self.policies))""#
                + maybe(#", "concurrency": 1"#, 30) + maybe(#", "forward_timeout": true"#, 20)
                + maybe(#", "force_reregister": true"#, 10)
            return #"[64, \#(last + 1), {\#(options)}, "\#(uri)"]"#
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    mutating func `random calls leave nothing behind`(_ seed: UInt64) throws {
        random = RandomSource(seed: seed)
        realm.engine.isStrict = false
        for name in Self.names { try join(name) }
        for _ in 0..<600 {
            let name = pick(Self.names)
            if try !realm.engine.sessions.contains(realm.handle(name)) { try join(name) }
            switch below(40) {
            case 0: try realm.leave(name)
            case 1: try realm.wait(milliseconds: UInt64(below(80)))
            default: try realm.send(name, message(of: name))
            }
            #expect(realm.engine.inconsistency == nil)
        }
        for name in Self.names { try realm.leave(name) }
        #expect(realm.engine.calls.count == 0)
        #expect(realm.engine.calls.timedCount == 0)
        #expect(realm.engine.registrations.count == 0)
        for name in Self.names { #expect(realm.engine.calls.keptByteCount(of: try realm.handle(name).slot) == 0) }
    }
}
