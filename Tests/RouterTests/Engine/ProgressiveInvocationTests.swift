import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Progressive Call Invocations".
@Suite struct ProgressiveInvocationTests {
    var realm = Transcript()

    /// A callee `dee` of `com.p` and a caller `ann`, both with all features unless said otherwise.
    private mutating func arrange(
        _ options: String = "{}", caller: String = Transcript.allFeatures, callee: String = Transcript.allFeatures
    ) throws {
        try realm.join("dee", features: callee)
        try realm.join("ann", features: caller)
        try realm.send("dee", #"[64, 1, \#(options), "com.p"]"#)
        try realm.expect("dee", #"[65, 1, 1]"#)
    }

    @Test mutating func `every payload of a call comes under the same ids, and only the last without progress`() throws
    {
        try arrange()
        try realm.send(
            "ann",
            #"""
            [48, 7, {"progress": true}, "com.p", ["a"]]
            [48, 7, {"progress": true}, "com.p", ["b"], {"k": 1}]
            [48, 7, {"progress": false}, "com.p", ["c"]]
            """#)
        try realm.expect(
            "dee",
            #"""
            [68, 1, 1, {"progress": true}, ["a"]]
            [68, 1, 1, {"progress": true}, ["b"], {"k": 1}]
            [68, 1, 1, {}, ["c"]]
            """#)
        try realm.send("dee", #"[70, 1, {}, ["done"]]"#)
        try realm.expect("ann", #"[50, 7, {}, ["done"]]"#)
        #expect(realm.engine.calls.count == 0)
    }

    @Test mutating func `results may come between the payloads`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true, "receive_progress": true}, "com.p", [1]]"#)
        try realm.expect("dee", #"[68, 1, 1, {"progress": true, "receive_progress": true}, [1]]"#)
        try realm.send("dee", #"[70, 1, {"progress": true}, ["one"]]"#)
        try realm.expect("ann", #"[50, 1, {"progress": true}, ["one"]]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p", [2]]"#)
        try realm.expect("dee", #"[68, 1, 1, {"receive_progress": true}, [2]]"#)
        try realm.send("dee", #"[70, 1, {}, ["two"]]"#)
        try realm.expect("ann", #"[50, 1, {}, ["two"]]"#)
    }

    /// Spec: "Freezing of Options in Progressive Call Invocations".
    @Test mutating func `the options of the first CALL hold, those of the others are ignored`() throws {
        try arrange(#"{"forward_timeout": true}"#)
        try realm.send(
            "ann",
            #"""
            [48, 1, {"progress": true, "disclose_me": true, "timeout": 900, "ppt_scheme": "x_a"}, "com.p", ["\u0000AA=="]]
            [48, 1, {"progress": true, "timeout": 5, "ppt_scheme": "x_b", "receive_progress": true}, "com.p", ["\u0000AQ=="]]
            [48, 1, {}, "com.p", ["\u0000Ag=="]]
            """#)
        let frozen = #""caller": 2, "timeout": 900, "ppt_scheme": "x_a""#
        try realm.expect(
            "dee",
            #"""
            [68, 1, 1, {"progress": true, \#(frozen)}, ["\u0000AA=="]]
            [68, 1, 1, {"progress": true, \#(frozen)}, ["\u0000AQ=="]]
            [68, 1, 1, {\#(frozen)}, ["\u0000Ag=="]]
            """#)
        try realm.send("dee", #"[70, 1, {"progress": true}]\#n[70, 1, {}]"#)
        try realm.expect("ann", #"[50, 1, {}]"#)
    }

    @Test mutating func `what continues a call in payload passthru mode is one binary argument too`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true, "ppt_scheme": "x_a"}, "com.p", ["\u0000AA=="]]"#)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p", ["text"]]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }

    @Test(arguments: ["roundrobin", "random", "first", "last"])
    mutating func `all of a call goes to the callee of its first payload`(_ policy: String) throws {
        try realm.join("ann", features: Transcript.allFeatures)
        for name in ["a", "b", "c"] {
            try realm.join(name, features: Transcript.allFeatures)
            try realm.send(name, #"[64, 1, {"invoke": "\#(policy)"}, "com.p"]"#)
            try realm.expect(name, #"[65, 1, 1]"#)
        }
        for number in 1...20 { try realm.send("ann", #"[48, 1, {"progress": true}, "com.p", [\#(number)]]"#) }
        try realm.send("ann", #"[48, 1, {}, "com.p", ["end"]]"#)
        let sizes = try ["a", "b", "c"].map { try realm.takeAll($0).count }
        #expect(sizes.sorted() == [0, 0, 21])
    }

    @Test mutating func `a call goes on with its callee after that has unregistered, and another one has registered`()
        throws
    {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p", [1]]"#)
        try realm.send("dee", #"[66, 2, 1]"#)
        try realm.join("dan", features: Transcript.allFeatures)
        try realm.send("dan", #"[64, 1, {}, "com.p"]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p", [2]]"#)
        try realm.expect("dee", #"[68, 1, 1, {"progress": true}, [1]]\#n[67, 2]\#n[68, 1, 1, {}, [2]]"#)
        try realm.expect("dan", #"[65, 1, 2]"#)
    }

    @Test mutating func `a pattern's callee is told the procedure with each payload`() throws {
        try realm.join("dee", features: Transcript.allFeatures)
        try realm.join("ann", features: Transcript.allFeatures)
        try realm.send("dee", #"[64, 1, {"match": "prefix"}, "com."]"#)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]\#n[48, 1, {}, "com.p"]"#)
        try realm.expect(
            "dee",
            #"[65, 1, 1]\#n[68, 1, 1, {"progress": true, "procedure": "com.p"}]\#n[68, 1, 1, {"procedure": "com.p"}]"#)
    }

    @Test(arguments: [Serializer.messagePack, .cbor])
    mutating func `payloads are transcoded for a callee of another serializer`(_ serializer: Serializer) throws {
        try realm.join("dee", serializer: serializer, features: Transcript.allFeatures)
        try realm.join("ann", features: Transcript.allFeatures)
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p", [1]]\#n[48, 1, {}, "com.p", [2]]"#)
        try realm.expect("dee", #"[65, 1, 1]\#n[68, 1, 1, {"progress": true}, [1]]\#n[68, 1, 1, {}, [2]]"#)
    }

    // MARK: Features

    @Test mutating func `a caller that has not announced the feature breaks the protocol by using it`() throws {
        try arrange(caller: #"{"caller": {}}"#)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
        try realm.expect("dee")
    }

    @Test(arguments: [
        #"{"callee": {}}"#, #"{"callee": {"features": {"progressive_call_invocations": true}}}"#,
        #"{"callee": {"features": {"call_canceling": true}}}"#,
    ])
    mutating func `a callee without the feature, or without call canceling, is not called`(_ features: String) throws {
        try arrange(#"{"invoke": "first", "concurrency": 1}"#, callee: features)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]\#n[48, 1, {}, "com.p"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.feature_not_supported", "*"]"#)
        try realm.expect("dee")
        // The refusal has not used up the callee's concurrency, and the rest of the refused call is dropped.
        try realm.send("ann", #"[48, 2, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
    }

    @Test mutating func `call canceling may be spelled with two l`() throws {
        try arrange(
            callee: #"{"callee": {"features": {"progressive_call_invocations": true, "call_cancelling": true}}}"#)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {"progress": true}]"#)
    }

    @Test mutating func `the router's own procedures take one payload`() throws {
        try realm.join("ann", features: Transcript.allFeatures)
        try realm.send("ann", #"[48, 1, {"progress": true}, "wamp.session.count"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.feature_not_supported", "*"]"#)
    }

    // MARK: Ids. Spec: "Verification of CALL Request IDs".

    @Test mutating func `other calls may begin and end in between`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p", ["a"]]\#n[48, 2, {}, "com.p"]"#)
        try realm.send("dee", #"[70, 2, {}]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p", ["b"]]"#)
        try realm.expect("dee", #"[68, 1, 1, {"progress": true}, ["a"]]\#n[68, 2, 1, {}]\#n[68, 1, 1, {}, ["b"]]"#)
        try realm.expect("ann", #"[50, 2, {}]"#)
    }

    /// Spec: "Continuations on Completed Calls".
    @Test(arguments: [
        (#"[70, 1, {}]"#, #"[50, 1, {}]"#), (#"[8, 68, 1, {}, "com.error"]"#, #"[8, 48, 1, {}, "com.error"]"#),
    ])
    mutating func `what continues a call that is over is dropped`(_ answer: String, _ result: String) throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]"#)
        try realm.send("dee", answer)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]\#n[48, 1, {}, "com.p"]\#n[48, 2, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {"progress": true}]\#n[68, 2, 1, {}]"#)
        try realm.expect("ann", result)
    }

    @Test(arguments: [
        #"[48, 1, {"progress": true}, "com.q"]"#, #"[48, 1, {}, "com.q"]"#, #"[48, 2, {"progress": true}, "com.p"]"#,
        #"[48, 2, {}, "com.p"]"#,
    ])
    mutating func `another procedure, or a call that was complete, cannot be continued`(_ message: String) throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]\#n[48, 2, {}, "com.p"]"#)
        try realm.send("ann", message)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }

    @Test mutating func `after the last payload there is none`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]\#n[48, 1, {}, "com.p"]\#n[48, 1, {}, "com.p"]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }

    @Test mutating func `ids may have gaps, but not in a strict realm`() throws {
        try arrange()
        try realm.send("ann", #"[48, 5, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        realm = Transcript()
        realm.engine.isStrict = true
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]\#n[32, 2, {}, "com.t"]\#n[48, 3, {}, "com.p"]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {"progress": true}]\#n[68, 2, 1, {}]\#n[68, 1, 1, {}]"#)
        try realm.send("ann", #"[48, 5, {}, "com.p"]"#)
        try realm.expect("ann", #"[33, 2, 1]\#n[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }

    @Test mutating func `an old id is a new call for a client without the feature, but not in a strict realm`() throws {
        try arrange(caller: #"{"caller": {}}"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.send("dee", #"[70, 1, {}]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]\#n[68, 2, 1, {}]"#)
        realm.engine.isStrict = true
        try realm.send("dee", #"[70, 2, {}]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.expect("ann", #"[50, 1, {}]\#n[50, 1, {}]\#n[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }

    // MARK: Endings

    @Test mutating func `a caller that leaves interrupts, a callee that leaves ends the call`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]"#)
        try realm.leave("ann")
        try realm.expect("dee", #"[68, 1, 1, {"progress": true}]\#n[69, 1, {"mode": "killnowait"}]"#)
        try realm.join("eve", features: Transcript.allFeatures)
        try realm.send("eve", #"[48, 1, {"progress": true}, "com.p"]"#)
        try realm.leave("dee")
        try realm.send("eve", #"[48, 1, {"progress": true}, "com.p"]"#)
        try realm.expect("eve", #"[8, 48, 1, {}, "wamp.error.canceled", "*"]"#)
    }

    @Test(arguments: ["skip", "kill", "killnowait"])
    mutating func `nothing follows a CANCEL`(_ mode: String) throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]\#n[49, 1, {"mode": "\#(mode)"}]"#)
        let interrupt = mode == "skip" ? "" : #"\#n[69, 1, {"mode": "\#(mode)"}]"#
        try realm.expect("dee", #"[68, 1, 1, {"progress": true}]"# + interrupt)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]"#)
        try realm.expect("dee")
        try realm.send("dee", #"[8, 68, 1, {}, "wamp.error.canceled"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.canceled"\#(mode == "kill" ? "]" : #", "*"]"#)"#)
    }

    @Test mutating func `the timeout is about results, and payloads do not put it off`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"progress": true, "timeout": 100}, "com.p"]"#)
        try realm.wait(milliseconds: 60)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]"#)
        try realm.expect("ann")
        try realm.wait(milliseconds: 40)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
    }

    @Test mutating func `a call counts once, however many payloads it has`() throws {
        var limits = RouterLimits()
        limits.pendingCallsMax = 1
        realm = Transcript(limits: limits)
        try arrange(#"{"invoke": "first", "concurrency": 1}"#)
        for _ in 1...3 { try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]"#) }
        try realm.forget("dee")
        try realm.send("dee", #"[70, 1, {}]"#)
        try realm.send("ann", #"[48, 2, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 2, 1, {}]"#)
    }

    @Test mutating func `a payload that does not fit the callee's transport ends the call`() throws {
        try realm.join("dee", frameBytesMax: 512, features: Transcript.allFeatures)
        try realm.join("ann", features: Transcript.allFeatures)
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        let long = String(repeating: "x", count: 600)
        try realm.send("ann", #"[48, 1, {"progress": true}, "com.p"]\#n[48, 1, {}, "com.p", ["\#(long)"]]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.payload_size_exceeded", "*"]"#)
        try realm.expect("dee", #"[65, 1, 1]\#n[68, 1, 1, {"progress": true}]\#n[69, 1, {"mode": "killnowait"}]"#)
        #expect(realm.engine.calls.count == 0)
    }

    @Test mutating func `a callee that reads nothing ends the call, and not the router's memory`() throws {
        var limits = RouterLimits()
        limits.outboxBytesMax = 4096
        realm = Transcript(limits: limits)
        try arrange()
        realm.engine.writabilityChanged(try realm.handle("dee"), isWritable: false)
        let text = String(repeating: "x", count: 1000)
        for _ in 1...8 { try realm.send("ann", #"[48, 1, {"progress": true}, "com.p", ["\#(text)"]]"#) }
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.unavailable", "*"]"#)
        #expect(realm.engine.sessions[try realm.handle("dee").slot].outbox.byteCount < 6000)
    }

    @Test mutating func `what is kept of a session's open calls is bounded`() throws {
        var limits = RouterLimits()
        limits.outboxBytesMax = 1000
        realm = Transcript(limits: limits)
        try arrange()
        let key = String(repeating: "k", count: 600)
        for request in 1...3 {
            let options = #"{"progress": true, "ppt_scheme": "x", "ppt_keyid": "\#(key)"}"#
            try realm.send("ann", #"[48, \#(request), \#(options), "com.p", ["\u0000AA=="]]"#)
            try realm.forget("dee")
        }
        try realm.expect("ann", #"[8, 48, 3, {}, "gantry.error.limit_exceeded", "*"]"#)
        try realm.send("dee", "[70, 1, {}]")
        try realm.send("ann", #"[48, 4, {"progress": true}, "com.p"]\#n[48, 2, {}, "com.p"]"#)
        try realm.send("dee", "[70, 2, {}]\n[70, 3, {}]")
        try realm.expect("ann", "[50, 1, {}]\n[50, 2, {}]\n[50, 4, {}]")
        #expect(realm.engine.calls.keptByteCount(of: try realm.handle("ann").slot) == 0)
    }
}
