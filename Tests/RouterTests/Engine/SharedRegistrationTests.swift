import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Shared Registration"; `concurrency` is Crossbar's.
@Suite struct SharedRegistrationTests {
    var realm = Transcript()

    private mutating func join(_ names: [String], _ options: String) throws {
        for name in names {
            try realm.join(name)
            try realm.send(name, #"[64, 1, {\#(options)}, "com.p"]"#)
            try realm.expect(name, #"[65, 1, 1]"#)
        }
    }

    /// Whom the calls with these requests reach, in order; "-" is nobody.
    private mutating func called(_ requests: ClosedRange<Int>, among names: [String]) throws -> String {
        try requests.map { request in
            try realm.send("ann", #"[48, \#(request), {}, "com.p"]"#)
            return try names.first { try realm.takeAll($0).count == 1 } ?? "-"
        }.joined()
    }

    @Test(arguments: InvocationPolicy.allCases)
    mutating func `whoever comes later has to say the same policy, and only once`(_ policy: InvocationPolicy) throws {
        try realm.join("ann")
        try realm.send("ann", #"[64, 1, {"invoke": "\#(policy.name)"}, "com.p"]"#)
        try realm.join("bob")
        for other in InvocationPolicy.allCases where other != policy || other == .single {
            try realm.send("bob", #"[64, 1, {"invoke": "\#(other.name)"}, "com.p"]"#)
            try realm.expect("bob", #"[8, 64, 1, {}, "wamp.error.procedure_already_exists", "*"]"#)
        }
        guard policy != .single else { return }
        try realm.send(
            "bob", #"[64, 2, {"invoke": "\#(policy.name)"}, "com.p"]\#n[64, 3, {"invoke": "\#(policy.name)"}, "com.p"]"#
        )
        try realm.expect("bob", #"[65, 2, 1]\#n[8, 64, 3, {}, "wamp.error.procedure_already_exists", "*"]"#)
    }

    @Test mutating func `the policy is the first one's as long as anybody is registered`() throws {
        try join(["a", "b"], #""invoke": "first""#)
        try realm.send("a", "[66, 2, 1]")
        try realm.send("a", #"[64, 3, {"invoke": "last"}, "com.p"]"#)
        try realm.expect("a", #"[67, 2]\#n[8, 64, 3, {}, "wamp.error.procedure_already_exists", "*"]"#)
        try realm.send("b", "[66, 2, 1]")
        try realm.send("a", #"[64, 4, {"invoke": "last"}, "com.p"]"#)
        try realm.expect("a", #"[65, 4, 2]"#)
    }

    @Test mutating func `random reaches everybody about as often`() throws {
        try realm.join("ann")
        try join(["a", "b", "c"], #""invoke": "random""#)
        let called = try called(1...240, among: ["a", "b", "c"])
        for name in "abc" { #expect((50...110).contains(called.count { $0 == name })) }
    }

    @Test mutating func `round robin is fair to whoever is left when one is busy or goes`() throws {
        try realm.join("ann")
        try join(["a"], #""invoke": "roundrobin", "concurrency": 1"#)
        try join(["b", "c"], #""invoke": "roundrobin""#)
        #expect(try called(1...5, among: ["a", "b", "c"]) == "abcbc")
        try realm.leave("b")
        #expect(try called(6...7, among: ["a", "c"]) == "cc")
        try realm.send("a", "[70, 1, {}]")
        #expect(try called(8...9, among: ["a", "c"]) == "ac")
    }

    @Test mutating func `a busy first or last gives way to its neighbour`() throws {
        try realm.join("ann")
        try join(["a", "b"], #""invoke": "first", "concurrency": 1"#)
        #expect(try called(1...3, among: ["a", "b"]) == "ab-")
        realm = Transcript()
        try realm.join("ann")
        try join(["a", "b", "c"], #""invoke": "last", "concurrency": 1"#)
        #expect(try called(1...4, among: ["a", "b", "c"]) == "cba-")
        try realm.send("b", "[70, 1, {}]")
        #expect(try called(5...6, among: ["a", "b", "c"]) == "b-")
    }

    @Test mutating func `each callee has a concurrency of its own`() throws {
        try realm.join("ann")
        try join(["a"], #""invoke": "first", "concurrency": 2"#)
        try join(["b"], #""invoke": "first", "concurrency": 1"#)
        #expect(try called(1...4, among: ["a", "b"]) == "aab-")
    }

    /// What was under way when it left does not count for its next registration.
    @Test mutating func `a callee that registers anew begins without calls`() throws {
        try realm.join("ann")
        try join(["a", "b"], #""invoke": "last", "concurrency": 1"#)
        #expect(try called(1...1, among: ["a", "b"]) == "b")
        try realm.send("b", #"[66, 2, 1]\#n[64, 3, {"invoke": "last", "concurrency": 1}, "com.p"]"#)
        try realm.expect("b", #"[67, 2]\#n[65, 3, 1]"#)
        #expect(try called(2...2, among: ["a", "b"]) == "b")
        try realm.send("b", "[70, 1, {}]")
        #expect(try called(3...4, among: ["a", "b"]) == "a-")
    }

    @Test mutating func `force_reregister takes a shared procedure from all`() throws {
        try join(["a", "b"], #""invoke": "first""#)
        try realm.join("ann")
        try realm.send("ann", #"[64, 1, {"force_reregister": true}, "com.p"]"#)
        for name in ["a", "b"] { try realm.expect(name, #"[67, 0, {"registration": 1, "reason": "*"}]"#) }
        try realm.expect("ann", #"[65, 1, 2]"#)
    }

    @Test mutating func `a callee that does not read is passed over, and when nobody reads the call is refused`() throws
    {
        var limits = RouterLimits()
        limits.outboxBytesMax = 100
        realm = Transcript(limits: limits)
        try realm.join("ann")
        try join(["a", "b"], #""invoke": "roundrobin", "concurrency": 3"#)
        let long = #""com.p", ["\#(String(repeating: "x", count: 100))"]]"#
        realm.engine.writabilityChanged(try realm.handle("a"), isWritable: false)
        try realm.send("ann", "[48, 1, {}, \(long)")
        #expect(try called(2...3, among: ["b"]) == "bb")
        realm.engine.writabilityChanged(try realm.handle("b"), isWritable: false)
        try realm.send("ann", "[48, 4, {}, \(long)\n[48, 5, {}, \(long)")
        try realm.expect("ann", #"[8, 48, 5, {}, "wamp.error.unavailable", "*"]"#)
        // Whoever was passed over has not been counted.
        realm.engine.writabilityChanged(try realm.handle("a"), isWritable: true)
        #expect(try realm.takeAll("a").count == 1)
        #expect(try called(6...8, among: ["a"]) == "aa-")
    }
}
