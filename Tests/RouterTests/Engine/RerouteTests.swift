import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Call Re-Routing".
@Suite struct RerouteTests {
    var realm = Transcript()

    private static let unavailable = "wamp.error.unavailable"

    /// Callees of one letter each, in that order, of `com.p`; and a caller `ann`.
    private mutating func arrange(
        _ policy: String, _ names: String = "abc", options: String = "", features: String = Transcript.allFeatures
    ) throws {
        try realm.join("ann", features: Transcript.allFeatures)
        for name in names {
            try realm.join(String(name), features: features)
            try realm.send(String(name), #"[64, 1, {"invoke": "\#(policy)"\#(options)}, "com.p"]"#)
            try realm.expect(String(name), #"[65, 1, 1]"#)
        }
    }

    /// Lets each callee that is invoked send the call back, until nobody is invoked; returns who was, in order.
    private mutating func sendBack(_ names: String = "abc") throws -> String {
        var order = ""
        while true {
            var isInvoked = false
            for name in names.map(String.init) {
                for invocation in try realm.takeAll(name) {
                    let list = try #require(invocation.list)
                    guard list[0] == 68 else { continue }
                    #expect(list[3] == [:])
                    #expect(list.dropFirst(4) == [[1], ["k": 2]])
                    order += name
                    isInvoked = true
                    let request = try #require(list[1].integer)
                    try realm.send(name, #"[8, 68, \#(request), {}, "\#(Self.unavailable)"]"#)
                }
            }
            if !isInvoked { return order }
        }
    }

    @Test(arguments: [
        ("single", "a", "a"), ("first", "abc", "abc"), ("last", "abc", "cba"), ("roundrobin", "abc", "abc"),
    ])
    mutating func `the policy says who is next, and when all have been asked the call fails`(
        _ policy: String, _ names: String, _ order: String
    ) throws {
        try arrange(policy, names)
        try realm.send("ann", #"[48, 1, {}, "com.p", [1], {"k": 2}]"#)
        #expect(try sendBack(names) == order)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.no_available_callee", "*"]"#)
        #expect(realm.engine.calls.count == 0)
    }

    @Test mutating func `random asks each of them once`() throws {
        try arrange("random", "abcde")
        var orders: Set<String> = []
        for request in 1...20 {
            try realm.send("ann", #"[48, \#(request), {}, "com.p", [1], {"k": 2}]"#)
            let order = try sendBack("abcde")
            #expect(order.sorted() == ["a", "b", "c", "d", "e"])
            orders.insert(order)
            try realm.expect("ann", #"[8, 48, \#(request), {}, "wamp.error.no_available_callee", "*"]"#)
        }
        #expect(orders.count > 10)
    }

    @Test mutating func `the caller notices nothing but the result`() throws {
        try arrange("first")
        try realm.send("ann", #"[48, 1, {"receive_progress": true, "disclose_me": true}, "com.p", [1]]"#)
        let details = #"{"receive_progress": true, "caller": 1}"#
        try realm.expect("a", #"[68, 1, 1, \#(details), [1]]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable", ["busy"]]"#)
        try realm.expect("b", #"[68, 1, 1, \#(details), [1]]"#)
        try realm.send("b", #"[70, 1, {"progress": true}, [2]]\#n[70, 1, {}, [3]]"#)
        try realm.expect("ann", #"[50, 1, {"progress": true}, [2]]\#n[50, 1, {}, [3]]"#)
        // What the first one says later is late.
        try realm.send("a", #"[70, 1, {}, [4]]"#)
        try realm.expect("ann")
    }

    @Test mutating func `each callee is told what it asked for, in its own serializer`() throws {
        try realm.join("ann", features: Transcript.allFeatures)
        try realm.join("a", features: Transcript.allFeatures)
        try realm.join("b", serializer: .cbor, features: Transcript.allFeatures)
        try realm.send("a", #"[64, 1, {"invoke": "first", "match": "prefix"}, "com."]"#)
        try realm.send("b", #"[64, 1, {"invoke": "first", "match": "prefix", "disclose_caller": true}, "com."]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p", [1], {"k": 2}]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("b", #"[65, 1, 1]\#n[68, 1, 1, {"procedure": "com.p", "caller": 1}, [1], {"k": 2}]"#)
    }

    @Test mutating func `round robin goes on behind the callee that took the call`() throws {
        try arrange("roundrobin")
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.send("ann", #"[48, 2, {}, "com.p"]"#)
        try realm.expect("b", #"[68, 1, 1, {}]"#)
        try realm.expect("c", #"[68, 1, 1, {}]"#)
    }

    // MARK: When nothing is re-routed

    /// The error is the application's own where the feature was not announced.
    @Test mutating func `from a callee without the feature the error reaches the caller`() throws {
        try arrange("first", features: #"{"callee": {}}"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable", ["busy"]]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.unavailable", ["busy"]]"#)
        try realm.expect("b")
    }

    @Test mutating func `a call whose result has begun stays where it is`() throws {
        try arrange("first")
        try realm.send("ann", #"[48, 1, {"receive_progress": true}, "com.p"]"#)
        try realm.send("a", #"[70, 1, {"progress": true}]\#n[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("ann", #"[50, 1, {"progress": true}]\#n[8, 48, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("b")
    }

    @Test mutating func `a canceled call is not given to anybody`() throws {
        try arrange("first")
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[49, 1, {"mode": "kill"}]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("b")
    }

    @Test mutating func `the first payload of a progressive call moves on, and the others follow it`() throws {
        try arrange("first")
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p", [1]]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p", [2]]"#)
        try realm.expect("a", #"[68, 1, 1, {"progress": true}, [1]]"#)
        try realm.expect("b", #"[68, 1, 1, {"progress": true}, [1]]\#n[68, 1, 1, {}, [2]]"#)
    }

    @Test mutating func `a progressive call of which more was sent cannot move any more`() throws {
        try arrange("first")
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p", [1]]\#n[48, 1, {"progress": true}, "com.p", [2]]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.no_available_callee", "*"]"#)
        try realm.expect("b")
    }

    // MARK: Who can be next

    @Test mutating func `a callee that is busy, or cannot take the call, is passed over`() throws {
        try arrange("first", "a")
        try realm.join("b", features: Transcript.allFeatures)
        try realm.send("b", #"[64, 1, {"invoke": "first", "concurrency": 1}, "com.p"]"#)
        try realm.join("c", features: #"{"callee": {"features": {"call_reroute": true}}}"#)
        try realm.send("c", #"[64, 1, {"invoke": "first"}, "com.p"]"#)
        try realm.join("d", features: Transcript.allFeatures)
        try realm.send("d", #"[64, 1, {"invoke": "first", "concurrency": 1}, "com.p"]"#)
        for name in ["b", "c", "d"] { try realm.expect(name, #"[65, 1, 1]"#) }
        // b is busy with the first call, c takes no progressive invocations: d gets the second call.
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("b", #"[68, 1, 1, {}]"#)
        try realm.send("ann", #"[48, 2, {"progress": true}, "com.p"]"#)
        try realm.send("a", #"[8, 68, 2, {}, "wamp.error.unavailable"]"#)
        try realm.expect("c")
        try realm.expect("d", #"[68, 1, 1, {"progress": true}]"#)
        // d has room again once it has sent the call back.
        try realm.send("d", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("ann", #"[8, 48, 2, {}, "wamp.error.no_available_callee", "*"]"#)
        try realm.send("ann", #"[48, 3, {}, "com.p"]"#)
        try realm.send("a", #"[8, 68, 3, {}, "wamp.error.unavailable"]"#)
        try realm.send("c", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("d", #"[68, 2, 1, {}]"#)
    }

    @Test mutating func `a callee that came after the call, or left before it came back, changes nothing`() throws {
        try arrange("first", "ab")
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.leave("b")
        try realm.join("c", features: Transcript.allFeatures)
        try realm.send("c", #"[64, 1, {"invoke": "first"}, "com.p"]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("c", #"[65, 1, 1]\#n[68, 1, 1, {}]"#)
        // When the registration is gone altogether there is nobody to ask.
        try realm.send("c", #"[66, 2, 1]"#)
        try realm.send("a", #"[66, 2, 1]"#)
        try realm.send("c", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.no_available_callee", "*"]"#)
    }

    @Test mutating func `the dealer's timeout goes on, and ends where the next callee keeps its own`() throws {
        try arrange("first", "ab")
        try realm.send("ann", #"[48, 1, {"timeout": 100}, "com.p"]"#)
        try realm.wait(milliseconds: 60)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.wait(milliseconds: 40)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
        try realm.expect("b", #"[68, 1, 1, {}]\#n[69, 1, {"mode": "killnowait"}]"#)

        try realm.join("c", features: Transcript.allFeatures)
        try realm.send("c", #"[64, 1, {"invoke": "first", "forward_timeout": true}, "com.p"]"#)
        try realm.send("ann", #"[48, 2, {"timeout": 100}, "com.p"]"#)
        try realm.send("a", #"[8, 68, 2, {}, "wamp.error.unavailable"]"#)
        try realm.send("b", #"[8, 68, 2, {}, "wamp.error.unavailable"]"#)
        try realm.expect("c", #"[65, 1, 1]\#n[68, 1, 1, {"timeout": 100}]"#)
        try realm.wait(milliseconds: 1000)
        try realm.expect("ann")
        #expect(realm.engine.calls.timedCount == 0)
    }

    // MARK: Memory

    @Test mutating func `what is kept of a session's calls is bounded, and given back`() throws {
        var limits = RouterLimits()
        limits.outboxBytesMax = 1000
        realm = Transcript(limits: limits)
        try arrange("first", "ab")
        let ann = try realm.handle("ann").slot
        let text = String(repeating: "x", count: 700)
        for request in 1...3 {
            try realm.send("ann", #"[48, \#(request), {}, "com.p", ["\#(text)"]]"#)
        }
        // Two were kept, the second as the one that always fits; the third was not.
        #expect(realm.engine.calls.keptByteCount(of: ann) == 2 * (704 + 7))
        try realm.send("a", #"[8, 68, 3, {}, "wamp.error.unavailable"]"#)
        try realm.expect("ann", #"[8, 48, 3, {}, "wamp.error.no_available_callee", "*"]"#)
        try realm.send("a", #"[8, 68, 1, {}, "wamp.error.unavailable"]\#n[70, 2, {}]"#)
        #expect(realm.engine.calls.keptByteCount(of: ann) == 704 + 7)
        try realm.send("b", #"[70, 1, {}]"#)
        #expect(realm.engine.calls.keptByteCount(of: ann) == 0)
        try realm.expect("ann", #"[50, 2, {}]\#n[50, 1, {}]"#)
    }

    @Test mutating func `nothing is kept where there is one callee, or none that could send a call back`() throws {
        try arrange("roundrobin", "a")
        try realm.send("ann", #"[48, 1, {}, "com.p", [1]]"#)
        #expect(realm.engine.calls.keptByteCount(of: try realm.handle("ann").slot) == 0)
        realm = Transcript()
        try arrange("roundrobin", "ab", features: #"{"callee": {}}"#)
        try realm.send("ann", #"[48, 1, {}, "com.p", [1]]"#)
        #expect(realm.engine.calls.keptByteCount(of: try realm.handle("ann").slot) == 0)
    }
}
