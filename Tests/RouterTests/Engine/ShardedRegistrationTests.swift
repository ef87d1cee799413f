import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Sharded Registration" (a sketch: what it leaves open is in docs/conformance.md).
@Suite struct ShardedRegistrationTests {
    var realm = Transcript()
    private var lastRequest = 0

    private mutating func join(_ names: [String], options: String = "") throws {
        for name in names {
            try realm.join(name)
            try realm.send(name, #"[64, 1, {"invoke": "roundrobin"\#(options)}, "com.p"]"#)
            try realm.expect(name, #"[65, 1, 1]"#)
        }
    }

    /// Which callee each key's call reaches.
    private mutating func owners(of keys: Range<Int>, among names: [String]) throws -> [String] {
        try keys.map { key in
            lastRequest += 1
            try realm.send("ann", #"[48, \#(lastRequest), {"runmode": "partition", "rkey": "sn\#(key)"}, "com.p"]"#)
            let called = try names.filter { try realm.takeAll($0).count == 1 }
            #expect(called.count == 1)
            return try #require(called.first)
        }
    }

    @Test mutating func `a key always reaches the same callee, and the keys are shared out`() throws {
        try realm.join("ann")
        try join(["a", "b", "c", "d"])
        let owners = try owners(of: 0..<100, among: ["a", "b", "c", "d"])
        #expect(try self.owners(of: 0..<100, among: ["a", "b", "c", "d"]) == owners)
        for name in ["a", "b", "c", "d"] { #expect((10...45).contains(owners.count { $0 == name })) }
    }

    @Test mutating func `when a callee goes, only its own keys move; when it comes back, they are its own again`()
        throws
    {
        try realm.join("ann")
        try join(["a", "b", "c"])
        let before = try owners(of: 0..<60, among: ["a", "b", "c"])
        try realm.leave("b")
        let without = try owners(of: 0..<60, among: ["a", "c"])
        for (old, new) in zip(before, without) where old != "b" { #expect(old == new) }
        try join(["b"])
        #expect(try owners(of: 0..<60, among: ["a", "b", "c"]) == before)
    }

    @Test func `callees of one authid have a share each`() {
        var registration = Registration(
            id: 1, uri: URIBytes("com.p"), match: .exact, invoke: .roundrobin, created: 0)
        for slot in 0..<4 {
            registration.addCallee(
                Int32(slot), authid: "db", membership: UInt64(slot), discloseCaller: false, forwardsTimeout: false,
                concurrency: nil)
        }
        let chosen = (0..<200).compactMap { registration.chooseCallee(ofKey: "key \($0)")?.slot }
        for slot in 0..<4 { #expect((25...80).contains(chosen.count { $0 == slot })) }
    }

    @Test mutating func `partition needs a key, which is a string`() throws {
        try realm.join("ann")
        try join(["a"])
        try realm.send("ann", #"[48, 1, {"runmode": "partition"}, "com.p"]\#n[48, 2, {"runmode": "all"}, "com.p"]"#)
        try realm.send("ann", #"[48, 3, {"rkey": "x", "runmode": null}, "com.p"]"#)
        try realm.expect(
            "ann",
            #"[8, 48, 1, {}, "wamp.error.invalid_argument", "*"]\#n[8, 48, 2, {}, "wamp.error.feature_not_supported", "*"]"#
        )
        try realm.expect("a", #"[68, 1, 1, {}]"#)
        try realm.send("ann", #"[48, 4, {"runmode": "partition", "rkey": 5}, "com.p"]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }

    @Test mutating func `nobody stands in for the callee that has the shard`() throws {
        try realm.join("ann")
        for name in ["a", "b"] {
            try realm.join(name, features: Transcript.allFeatures)
            try realm.send(name, #"[64, 1, {"invoke": "roundrobin", "concurrency": 1}, "com.p"]"#)
            try realm.expect(name, #"[65, 1, 1]"#)
        }
        let call = #"{"runmode": "partition", "rkey": "sn1"}, "com.p"]"#
        try realm.send("ann", "[48, 1, \(call)\n[48, 2, \(call)")
        try realm.expect("ann", #"[8, 48, 2, {}, "wamp.error.no_available_callee", "*"]"#)
        let owner = try realm.takeAll("a").isEmpty ? "b" : "a"
        try realm.send(owner, #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.no_available_callee", "*"]"#)
        try realm.forget("a")
        try realm.forget("b")
        #expect(realm.engine.calls.count == 0)
    }
}
