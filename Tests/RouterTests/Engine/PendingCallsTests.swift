import Testing
import WAMP

@testable import Router

/// What a realm remembers of calls: bounded by what is under way, and given back.
@Suite struct PendingCallsTests {
    var realm = Transcript()

    @Test mutating func `a session that leaves takes its own calls with it, and no other`() throws {
        for name in ["ann", "bob", "dee", "dan"] { try realm.join(name) }
        for name in ["dee", "dan"] {
            try realm.send(name, #"[64, 1, {}, "com.\#(name)"]"#)
            try realm.forget(name)
        }
        for name in ["ann", "bob"] {
            for request in 1...4 {
                try realm.send(name, #"[48, \#(request), {}, "com.\#(request % 2 == 0 ? "dee" : "dan")"]"#)
            }
        }
        try realm.forget("dee")
        try realm.leave("dan")
        #expect(try realm.takeAll("ann").map { $0.list?[2] } == [3, 1])
        #expect(try realm.takeAll("bob").map { $0.list?[2] } == [3, 1])
        try realm.leave("ann")
        let interrupted = try realm.takeAll("dee").compactMap { $0.list?[1].integer }
        #expect(interrupted.sorted() == [1, 2])
        #expect(realm.engine.calls.count == 2)
        try realm.send("dee", #"[70, 4, {}]\#n[70, 3, {}]\#n[70, 1, {}]"#)
        #expect(try realm.takeAll("bob").map { $0.list?[1] } == [4, 2])
        #expect(realm.engine.calls.count == 0)
    }

    @Test mutating func `a session that calls itself leaves in peace`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[64, 1, {}, "com.p"]\#n[48, 2, {}, "com.p"]\#n[48, 3, {}, "com.p"]"#)
        try realm.leave("ann")
        #expect(realm.engine.calls.count == 0)
    }

    @Test mutating func `calls that nobody answers cost their sessions' limit, and nothing when these have left`()
        throws
    {
        try realm.join("dee")
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        for round in 0..<40 {
            let name = "caller \(round)"
            try realm.join(name)
            try realm.send(
                name, (1...300).map { #"[48, \#($0), {"timeout": 60000}, "com.p"]"# }.joined(separator: "\n"))
            #expect(realm.engine.calls.count == (round % 10 + 1) * 256)
            guard round % 10 == 9 else { continue }
            for number in round - 9...round { try realm.leave("caller \(number)") }
            try realm.forget("dee")
        }
        #expect(realm.engine.calls.count == 0)
        #expect(realm.engine.calls.placeCount <= 1024)
        #expect(realm.engine.deadlines.count <= 2560 + 1024)
    }

    @Test mutating func `deadlines of calls that are over do not pile up`() throws {
        try realm.join("dee")
        try realm.join("ann")
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        try realm.send("ann", #"[48, 1, {"timeout": 5000}, "com.p"]"#)
        for request in 2...3000 {
            try realm.send("ann", #"[48, \#(request), {"timeout": 3600000}, "com.p"]"#)
            try realm.send("dee", "[70, \(request), {}]")
        }
        #expect(realm.engine.deadlines.count < 1100)
        try realm.forget("ann")
        try realm.wait(milliseconds: 5000)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
        #expect(realm.engine.calls.timedCount == 0)
    }

    @Test mutating func `an id that is used again has a deadline of its own`() throws {
        try realm.join("dee")
        try realm.join("ann")
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        try realm.send("ann", #"[48, 1, {"timeout": 100}, "com.p"]"#)
        try realm.send("dee", #"[70, 1, {}]"#)
        try realm.wait(milliseconds: 50)
        try realm.send("ann", #"[48, 1, {"timeout": 100}, "com.p"]"#)
        try realm.forget("ann")
        try realm.wait(milliseconds: 99)
        try realm.expect("ann")
        try realm.wait(milliseconds: 1)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
    }

    @Test func `places behind a long call are given back when it ends`() {
        var calls = PendingCalls(hasher: KeyHasher(seed: 7))
        func call(_ request: UInt64) -> PendingCall {
            PendingCall(
                key: CallKey(caller: SessionHandle(slot: 0, id: SessionID(1)), request: RequestID(request)),
                callee: SessionHandle(slot: 1, id: SessionID(2)), invocation: RequestID(request), registration: 0,
                registrationID: 1, membership: 1, isCounted: false, receivesProgress: false, isProgressing: false,
                timeoutMilliseconds: 0)
        }
        var indices = (1...10_000).map { calls.insert(call($0)) }
        let last = indices.removeLast()
        for index in indices { calls.remove(index) }
        #expect(calls.placeCount == 10_000)
        let low = calls.insert(call(20_000))
        calls.remove(last)
        calls.remove(low)
        #expect(calls.placeCount == 1024)
        #expect(calls.insert(call(30_000)) == 0)
        #expect(calls.callCount(of: 0) == 1 && calls.invocationCount(of: 1) == 1)
    }

    @Test mutating func `what is kept of open calls is given back with them`() throws {
        var limits = RouterLimits()
        limits.pendingCallsMax = 10_000
        realm = Transcript(limits: limits)
        for name in ["ann", "dee"] { try realm.join(name, features: Transcript.allFeatures) }
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        for request in 1...3000 { try realm.send("ann", #"[48, \#(request), {"progress": true}, "com.p"]"#) }
        #expect(realm.engine.calls.keptCapacity >= 3000)
        for request in 2...3000 { try realm.send("dee", "[70, \(request), {}]") }
        #expect(realm.engine.calls.keptCapacity <= 2048)
        #expect(realm.engine.calls.count == 1)
    }

    @Test func `deadlines come in order, whatever was taken out before`() {
        var random = RandomSource(seed: 1)
        var queue = DeadlineQueue<UInt64>()
        let deadlines = (0..<500).map { _ in random.next() % 1000 }
        for deadline in deadlines { queue.insert(deadline, at: deadline) }
        queue.removeAll { $0 % 3 == 0 }
        var popped: [UInt64] = []
        while let next = queue.popDue(now: 1000) { popped.append(next) }
        #expect(popped == deadlines.filter { $0 % 3 != 0 }.sorted())
        #expect(queue.count == 0 && queue.next == nil)
    }
}
