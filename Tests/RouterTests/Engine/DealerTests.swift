import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Remote Procedure Calls", "Advanced RPC Features".
@Suite struct DealerTests {
    var realm = Transcript()

    /// A callee `dee` of `com.p` and a caller `ann`.
    private mutating func arrange(_ options: String = "{}", features: String? = nil) throws {
        if let features { try realm.join("dee", features: features) } else { try realm.join("dee") }
        try realm.join("ann")
        try realm.send("dee", #"[64, 1, \#(options), "com.p"]"#)
        try realm.expect("dee", #"[65, 1, 1]"#)
    }

    @Test mutating func `a call becomes an invocation, its yield the result`() throws {
        try arrange()
        try realm.send("ann", #"[48, 7, {}, "com.p", [1], {"k": 2}]"#)
        try realm.expect("dee", #"[68, 1, 1, {}, [1], {"k": 2}]"#)
        try realm.send("dee", #"[70, 1, {}, [3], {"m": 4}]"#)
        try realm.expect("ann", #"[50, 7, {}, [3], {"m": 4}]"#)
    }

    @Test mutating func `a callee's error reaches the caller with its arguments`() throws {
        try arrange()
        try realm.send("ann", #"[48, 7, {}, "com.p"]"#)
        try realm.send("dee", #"[8, 68, 1, {}, "com.error.jam", ["paper"], {"tray": 2}]"#)
        try realm.expect("ann", #"[8, 48, 7, {}, "com.error.jam", ["paper"], {"tray": 2}]"#)
    }

    @Test mutating func `invocation requests count from 1 for each callee`() throws {
        try realm.join("ann")
        for name in ["dee", "dan"] {
            try realm.join(name)
            try realm.send(name, #"[64, 1, {}, "com.\#(name)"]"#)
            try realm.expect(name, #"[65, 1, "*"]"#)
        }
        try realm.send("ann", #"[48, 1, {}, "com.dee"]\#n[48, 2, {}, "com.dan"]\#n[48, 3, {}, "com.dee"]"#)
        try realm.expect("dee", #"[68, 1, "*", {}]\#n[68, 2, "*", {}]"#)
        try realm.expect("dan", #"[68, 1, "*", {}]"#)
    }

    @Test mutating func `refusals of a call name their error`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[48, 1, {}, "com.nobody"]\#n[48, 2, {}, "not a uri"]\#n[48, 3, {}, "wamp.nothing"]"#)
        try realm.expect(
            "ann",
            #"""
            [8, 48, 1, {}, "wamp.error.no_such_procedure", "*"]
            [8, 48, 2, {}, "wamp.error.invalid_uri", "*"]
            [8, 48, 3, {}, "wamp.error.no_such_procedure", "*"]
            """#)
    }

    @Test mutating func `a procedure is registered once, unless it is shared by the same policy`() throws {
        try arrange()
        try realm.send("ann", #"[64, 1, {}, "com.p"]\#n[64, 2, {"invoke": "first"}, "com.q"]"#)
        try realm.send("dee", #"[64, 2, {"invoke": "last"}, "com.q"]\#n[64, 3, {"invoke": "first"}, "com.q"]"#)
        try realm.expect("ann", #"[8, 64, 1, {}, "wamp.error.procedure_already_exists", "*"]\#n[65, 2, 2]"#)
        try realm.expect("dee", #"[8, 64, 2, {}, "wamp.error.procedure_already_exists", "*"]\#n[65, 3, 2]"#)
    }

    @Test(arguments: ["wamp.p", "wamp"])
    mutating func `nobody registers in the router's name`(_ procedure: String) throws {
        try realm.join("ann")
        try realm.send("ann", #"[64, 1, {}, "\#(procedure)"]"#)
        try realm.expect("ann", #"[8, 64, 1, {}, "wamp.error.invalid_uri", "*"]"#)
    }

    @Test(arguments: [
        ("single", "aaaa"), ("first", "aaaa"), ("last", "cccc"), ("roundrobin", "abca"),
    ])
    mutating func `the invocation policy chooses the callee`(_ policy: String, _ order: String) throws {
        try realm.join("ann")
        for name in policy == "single" ? ["a"] : ["a", "b", "c"] {
            try realm.join(name)
            try realm.send(name, #"[64, 1, {"invoke": "\#(policy)"}, "com.p"]"#)
            try realm.expect(name, #"[65, 1, 1]"#)
        }
        for (request, callee) in order.enumerated() {
            try realm.send("ann", #"[48, \#(request + 1), {}, "com.p", [\#(request)]]"#)
            try realm.expect(String(callee), #"[68, "*", 1, {}, [\#(request)]]"#)
        }
    }

    @Test mutating func `concurrency bounds the invocations of a callee`() throws {
        try arrange(#"{"invoke": "roundrobin", "concurrency": 1}"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[48, 2, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        try realm.expect("ann", #"[8, 48, 2, {}, "wamp.error.no_available_callee", "*"]"#)
        try realm.send("dee", #"[70, 1, {}]"#)
        try realm.send("ann", #"[48, 3, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 2, 1, {}]"#)
        try realm.expect("ann", #"[50, 1, {}]"#)
    }

    @Test mutating func `force_reregister takes the procedure from whoever has it`() throws {
        try arrange()
        try realm.send("ann", #"[64, 1, {"force_reregister": true}, "com.p"]"#)
        try realm.expect("dee", #"[67, 0, {"registration": 1, "reason": "*"}]"#)
        try realm.expect("ann", #"[65, 1, 2]"#)
        try realm.send("dee", #"[48, 2, {}, "com.p"]"#)
        try realm.expect("ann", #"[68, 1, 2, {}]"#)
    }

    @Test mutating func `progress goes to a caller that asked for it, to no other`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"receive_progress": true}, "com.p"]\#n[48, 2, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {"receive_progress": true}]\#n[68, 2, 1, {}]"#)
        try realm.send(
            "dee",
            #"""
            [70, 1, {"progress": true}, ["a"]]
            [70, 2, {"progress": true}, ["b"]]
            [70, 1, {}, ["c"]]
            [70, 2, {}, ["d"]]
            """#)
        try realm.expect("ann", #"[50, 1, {"progress": true}, ["a"]]\#n[50, 1, {}, ["c"]]\#n[50, 2, {}, ["d"]]"#)
    }

    @Test mutating func `disclosure tells who called, where the caller, the callee or the realm asks for it`() throws {
        try arrange(#"{"disclose_caller": true}"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.expect(
            "dee", #"[68, 1, 1, {"caller": 2, "caller_authid": "ann", "caller_authrole": "anonymous"}]"#)
    }

    @Test mutating func `a rule of the caller's discloses it unasked`() throws {
        let rules = Permissions([PermissionRule("com.", .prefix, allow: [.call], disclose: .caller)])
        try realm.join("dee")
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        try realm.expect("dee", #"[65, 1, 1]"#)
        try realm.join("ann", permissions: rules)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.expect(
            "dee", #"[68, 1, 1, {"caller": 2, "caller_authid": "ann", "caller_authrole": "anonymous"}]"#)
    }

    // MARK: Cancel. Spec: "Call Canceling".

    @Test(arguments: [
        (#"{"mode": "skip"}"#, "", #"[8, 48, 1, {}, "wamp.error.canceled", "*"]"#),
        (#"{"mode": "kill"}"#, #"[69, 1, {"mode": "kill"}]"#, ""),
        (
            #"{"mode": "killnowait"}"#, #"[69, 1, {"mode": "killnowait"}]"#,
            #"[8, 48, 1, {}, "wamp.error.canceled", "*"]"#
        ),
        ("{}", #"[69, 1, {"mode": "killnowait"}]"#, #"[8, 48, 1, {}, "wamp.error.canceled", "*"]"#),
    ])
    mutating func `each cancel mode does what it says`(_ options: String, _ callee: String, _ caller: String) throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        try realm.send("ann", #"[49, 1, \#(options)]"#)
        try realm.expect("dee", callee)
        try realm.expect("ann", caller)
        // A late answer reaches only a caller that still waits for it.
        try realm.send("dee", #"[8, 68, 1, {}, "wamp.error.canceled"]"#)
        try realm.expect("ann", caller.isEmpty ? #"[8, 48, 1, {}, "wamp.error.canceled"]"# : "")
    }

    @Test mutating func `a callee that cannot be interrupted is not`() throws {
        try arrange(features: #"{"callee": {}}"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[49, 1, {"mode": "kill"}]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.canceled", "*"]"#)
    }

    @Test mutating func `canceling what is over is no mistake`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.send("dee", #"[70, 1, {}]"#)
        try realm.send("ann", #"[49, 1, {}]\#n[49, 99, {}]"#)
        try realm.expect("ann", #"[50, 1, {}]"#)
    }

    // MARK: Timeout. Spec: "Call Timeouts".

    @Test mutating func `a timeout is in milliseconds, and ends the call`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"timeout": 100}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        try realm.wait(milliseconds: 99)
        try realm.expect("ann")
        try realm.wait(milliseconds: 1)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
        try realm.expect("dee", #"[69, 1, {"mode": "killnowait"}]"#)
    }

    @Test mutating func `with progress the timeout holds for each gap`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"timeout": 100, "receive_progress": true}, "com.p"]"#)
        for _ in 1...3 {
            try realm.wait(milliseconds: 90)
            try realm.send("dee", #"[70, 1, {"progress": true}]"#)
            try realm.expect("ann", #"[50, 1, {"progress": true}]"#)
        }
        try realm.wait(milliseconds: 100)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
    }

    @Test mutating func `an answered call has no timeout`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"timeout": 100}, "com.p"]"#)
        try realm.send("dee", #"[70, 1, {}]"#)
        try realm.expect("ann", #"[50, 1, {}]"#)
        try realm.wait(milliseconds: 1000)
        try realm.expect("ann")
    }

    // MARK: Sessions that leave

    @Test mutating func `a callee that leaves ends its calls, and its registration`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.leave("dee")
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.canceled", "*"]"#)
        try realm.send("ann", #"[48, 2, {}, "com.p"]"#)
        try realm.expect("ann", #"[8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]"#)
    }

    @Test mutating func `a caller that leaves interrupts its calls, and late answers are dropped`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]"#)
        try realm.leave("ann")
        try realm.expect("dee", #"[69, 1, {"mode": "killnowait"}]"#)
        try realm.send("dee", #"[70, 1, {}]"#)
        try realm.expect("dee")
    }

    @Test mutating func `a caller that has canceled with kill, and leaves, does not interrupt twice`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[49, 1, {"mode": "kill"}]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]\#n[69, 1, {"mode": "kill"}]"#)
        try realm.leave("ann")
        try realm.expect("dee")
    }

    // MARK: Violations

    @Test(arguments: [
        #"[70, 1, {}]"#, #"[8, 68, 1, {}, "com.error"]"#, #"[8, 48, 1, {}, "com.error"]"#,
        #"[1, "realm1", {"roles": {}}]"#,
        #"[50, 1, {}]"#, #"[33, 1, 1]"#, #"[48, 1, {"timeout": -1}, "com.p"]"#, #"[64, 1, {"match": "foo"}, "com.p"]"#,
        #"[64, 1, {"invoke": "all"}, "com.p"]"#, #"[49, 1, {"mode": "maybe"}]"#, #"[70, 1, {"progress": 1}]"#,
    ])
    mutating func `what no joined client may send ends the session`(_ message: String) throws {
        try realm.join("ann")
        try realm.send("ann", message)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
        #expect(try realm.ending("ann") == .close)
    }

    @Test mutating func `a pending request id may not be used again`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[48, 1, {}, "com.p"]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }

    @Test mutating func `a session may have so many calls pending`() throws {
        var limits = RouterLimits()
        limits.pendingCallsMax = 1
        realm = Transcript(limits: limits)
        try arrange()
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[48, 2, {}, "com.p"]"#)
        try realm.expect("ann", #"[8, 48, 2, {}, "gantry.error.limit_exceeded", "*"]"#)
    }

    @Test mutating func `what does not fit a transport is an error, not silence`() throws {
        let long = String(repeating: "x", count: 600)
        try realm.join("dee")
        try realm.join("ann", frameBytesMax: 512)
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[64, 2, {}, "com.q"]"#)
        try realm.send("dee", #"[70, 1, {}, ["\#(long)"]]\#n[48, 2, {}, "com.q", ["\#(long)"]]"#)
        try realm.expect("ann", #"[65, 2, 2]\#n[8, 48, 1, {}, "wamp.error.payload_size_exceeded", "*"]"#)
        try realm.expect(
            "dee", #"[65, 1, 1]\#n[68, 1, 1, {}]\#n[8, 48, 2, {}, "wamp.error.payload_size_exceeded", "*"]"#)
        #expect(realm.engine.calls.count == 0)
    }

    @Test mutating func `GOODBYE is answered, and the transport may be used again`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[6, {}, "wamp.close.normal"]"#)
        try realm.expect("ann", #"[6, {}, "wamp.close.goodbye_and_out"]"#)
        #expect(try realm.ending("ann") == .leave)
    }
}
