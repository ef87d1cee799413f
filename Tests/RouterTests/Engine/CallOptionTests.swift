import Testing
import WAMP

@testable import Router

/// What a CALL asks for beyond its payload. Spec: WAMP-04 "Call Timeouts", "Call Trust Levels", "Call Canceling",
/// "Progressive Call Results".
@Suite struct CallOptionTests {
    var realm = Transcript()

    private mutating func arrange(
        _ options: String = "{}", callee: String = Transcript.allFeatures, trustlevel: Int64? = nil
    ) throws {
        try realm.join("dee", features: callee)
        try realm.join("ann", trustlevel: trustlevel, features: Transcript.allFeatures)
        try realm.send("dee", #"[64, 1, \#(options), "com.p"]"#)
        try realm.expect("dee", #"[65, 1, 1]"#)
    }

    // MARK: Timeout

    @Test mutating func `a callee that wants the timeout gets it, and the dealer keeps none`() throws {
        try arrange(#"{"forward_timeout": true}"#)
        try realm.send(
            "ann", #"[48, 1, {"timeout": 100}, "com.p"]\#n[48, 2, {"timeout": 0}, "com.p"]\#n[48, 3, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {"timeout": 100}]\#n[68, 2, 1, {}]\#n[68, 3, 1, {}]"#)
        try realm.wait(milliseconds: 1000)
        try realm.send("dee", #"[8, 68, 1, {}, "wamp.error.timeout"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout"]"#)
    }

    @Test(arguments: [
        ("{}", Transcript.allFeatures), (#"{"forward_timeout": false}"#, Transcript.allFeatures),
        (#"{"forward_timeout": true}"#, #"{"callee": {"features": {"call_canceling": true}}}"#),
    ])
    mutating func `otherwise the dealer keeps the timeout and the callee is not told`(
        _ options: String, _ features: String
    ) throws {
        try arrange(options, callee: features)
        try realm.send("ann", #"[48, 1, {"timeout": 100}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        try realm.wait(milliseconds: 100)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
        try realm.expect("dee", #"[69, 1, {"mode": "killnowait", "reason": "wamp.error.timeout"}]"#)
    }

    @Test mutating func `a callee that cannot be interrupted is skipped`() throws {
        try arrange(callee: #"{"callee": {}}"#)
        try realm.send("ann", #"[48, 1, {"timeout": 100}, "com.p"]"#)
        try realm.wait(milliseconds: 100)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
        try realm.send("dee", #"[70, 1, {}]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        try realm.expect("ann")
    }

    @Test mutating func `a timeout beyond all measure is none too short`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"timeout": 9007199254740992}, "com.p"]"#)
        try realm.wait(milliseconds: 1 << 39)
        try realm.expect("ann")
    }

    // MARK: Trust levels

    @Test(arguments: [nil, 0, 7] as [Int64?])
    mutating func `the callee is told how far its caller is trusted, where the router knows`(_ level: Int64?) throws {
        try arrange(trustlevel: level)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.expect("dee", "[68, 1, 1, \(level.map { #"{"trustlevel": \#($0)}"# } ?? "{}")]")
    }

    @Test mutating func `a caller cannot say how far it is to be trusted`() throws {
        try arrange(trustlevel: 1)
        try realm.send("ann", #"[48, 1, {"trustlevel": 9}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {"trustlevel": 1}]"#)
    }

    // MARK: Progressive results

    @Test mutating func `a callee without call canceling counts as one that gives no progress`() throws {
        try arrange(callee: #"{"callee": {"features": {"progressive_call_results": true}}}"#)
        try realm.send("ann", #"[48, 1, {"receive_progress": true}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        try realm.send("dee", #"[70, 1, {"progress": true}]\#n[70, 1, {}, ["end"]]"#)
        try realm.expect("ann", #"[50, 1, {}, ["end"]]"#)
    }

    @Test mutating func `a caller that does not read its progress loses the call, and nobody else notices`() throws {
        var limits = RouterLimits()
        limits.outboxBytesMax = 4096
        realm = Transcript(limits: limits)
        try arrange()
        try realm.send("ann", #"[48, 1, {"receive_progress": true}, "com.p"]"#)
        realm.engine.writabilityChanged(try realm.handle("ann"), isWritable: false)
        let text = String(repeating: "x", count: 1000)
        for _ in 1...8 { try realm.send("dee", #"[70, 1, {"progress": true}, ["\#(text)"]]"#) }
        #expect(realm.engine.sessions[try realm.handle("ann").slot].outbox.byteCount < 6000)
        realm.engine.writabilityChanged(try realm.handle("ann"), isWritable: true)
        let results = try realm.takeAll("ann")
        #expect(results.count == 5)
        #expect(results.last?.list?[4] == "gantry.error.limit_exceeded")
        try realm.expect("dee", #"[68, 1, 1, {"receive_progress": true}]\#n[69, 1, {"mode": "killnowait"}]"#)
    }

    // MARK: Canceling

    @Test(arguments: ["kill", "killnowait"])
    mutating func `INTERRUPT says why`(_ mode: String) throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[49, 1, {"mode": "\#(mode)"}]"#)
        try realm.expect(
            "dee", #"[68, 1, 1, {}]\#n[69, 1, {"mode": "\#(mode)", "reason": "wamp.error.canceled"}]"#)
    }

    @Test(arguments: ["skip", "killnowait"])
    mutating func `whoever waits for a killed call may stop waiting`(_ mode: String) throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[49, 1, {"mode": "kill"}]\#n[49, 1, {"mode": "kill"}]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]\#n[69, 1, {"mode": "kill"}]"#)
        try realm.expect("ann")
        try realm.send("ann", #"[49, 1, {"mode": "\#(mode)"}]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.canceled", "*"]"#)
        try realm.expect("dee")
    }

    @Test mutating func `a killed call whose callee says nothing ends at its timeout`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"timeout": 100}, "com.p"]\#n[49, 1, {"mode": "kill"}]"#)
        try realm.wait(milliseconds: 100)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]\#n[69, 1, {"mode": "kill"}]"#)
    }

    @Test mutating func `progress goes on until a killed call is answered`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"receive_progress": true}, "com.p"]\#n[49, 1, {"mode": "kill"}]"#)
        try realm.send("dee", #"[70, 1, {"progress": true}, [1]]\#n[8, 68, 1, {}, "wamp.error.canceled"]"#)
        try realm.expect("ann", #"[50, 1, {"progress": true}, [1]]\#n[8, 48, 1, {}, "wamp.error.canceled"]"#)
    }

    @Test mutating func `nobody cancels the calls of others`() throws {
        try arrange()
        try realm.join("eve")
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.send("eve", #"[49, 1, {}]"#)
        try realm.send("dee", #"[70, 1, {}]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        try realm.expect("ann", #"[50, 1, {}]"#)
    }
}
