import Testing

@testable import Router

@Suite struct RealmCountersTests {
    @Test func `each counter has a name under which it is shown`() {
        #expect(Mirror(reflecting: RealmCounters()).children.count == RealmCounters.names.count)
        #expect(Set(RealmCounters.names.map(\.name)).count == RealmCounters.names.count)
    }

    @Test func `a total is the sum of each`() {
        var (total, other) = (RealmCounters(), RealmCounters())
        for (number, entry) in RealmCounters.names.enumerated() {
            total[keyPath: entry.counter] = 1
            other[keyPath: entry.counter] = UInt64(number)
        }
        total += other
        for (number, entry) in RealmCounters.names.enumerated() {
            #expect(total[keyPath: entry.counter] == UInt64(number) + 1, "\(entry.name)")
        }
    }

    @Test(
        "requests of a lenient realm whose id is not the next one are counted, and taken",
        arguments: [
            (#"[32, 1, {}, "com.t"]\#n[16, 2, {}, "com.t"]\#n[48, 3, {}, "com.p"]\#n[34, 4, 1]"#, 0),
            (#"[32, 2, {}, "com.t"]\#n[16, 3, {}, "com.t"]"#, 1),
            (#"[16, 1, {}, "com.t"]\#n[16, 1, {}, "com.t"]\#n[16, 1, {}, "com.t"]"#, 2),
            (#"[48, 1, {}, "com.p"]\#n[48, 5, {}, "com.p"]\#n[48, 6, {}, "com.p"]"#, 1),
            (#"[48, 2, {}, "com.none"]\#n[48, 1, {}, "com.none"]"#, 2),
            (#"[16, 9007199254740992, {}, "com.t"]\#n[16, 1, {}, "com.t"]"#, 1),
            // Neither has an id of the session's requests.
            (#"[48, 1, {}, "com.p"]\#n[49, 1, {}]\#n[48, 2, {}, "com.p"]"#, 0),
        ])
    func gaps(messages: String, count: UInt64) throws {
        var realm = Transcript()
        try realm.join("dee")
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        try realm.join("ann", features: #"{"caller": {}}"#)
        try realm.send("ann", messages)
        #expect(realm.engine.counters.requestIDGaps == count)
        #expect(realm.engine.counters.protocolViolations == 0)
    }

    @Test(arguments: ["true", "false"])
    func `a refused request counts once, answered or not`(acknowledge: String) throws {
        var realm = Transcript()
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, {"acknowledge": \#(acknowledge)}, "wamp.session.on_join"]"#)
        #expect(realm.engine.counters.requestErrors == 1)
    }

    @Test func `further payload of a call is no gap, and a strict realm has none`() throws {
        var realm = Transcript()
        try realm.join("dee", features: Transcript.allFeatures)
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        try realm.join("ann", features: Transcript.allFeatures)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]\#n[32, 2, {}, "com.t"]\#n[48, 1, {}, "com.p"]"#)
        try realm.send("ann", #"[48, 3, {}, "com.p"]"#)
        #expect(realm.engine.counters.requestIDGaps == 0)
        realm.engine.isStrict = true
        try realm.send("ann", #"[48, 5, {}, "com.p"]"#)
        #expect(realm.engine.counters.requestIDGaps == 0)
        #expect(realm.engine.counters.protocolViolations == 1)
    }
}
