import Testing
import WAMP

@testable import Router

/// Spec: the draft "WAMP Session State Machine", section "Session Pause and Resume".
@Suite struct ResumptionTests {
    var realm: Transcript

    init() throws {
        var limits = RouterLimits()
        limits.resumeWithinMilliseconds = 10_000
        limits.resumeBufferBytesMax = 4096
        realm = Transcript(limits: limits)
        try realm.join("ann", ticket: "first")
        try realm.join("bob")
    }

    private mutating func subscribe() throws {
        try realm.send("ann", #"[32, 1, {}, "com.t"]"#)
        try realm.expect("ann", "[33, 1, 1]")
    }

    @Test mutating func `what comes while a session is away waits for it, behind WELCOME`() throws {
        try subscribe()
        try realm.disconnect("ann")
        try realm.send("bob", #"[16, 1, {}, "com.t", [1]]\#n[16, 2, {}, "com.t", [2]]"#)
        #expect(try realm.resume("ann", 1, ticket: "first", next: "second"))
        try realm.expect(
            "ann",
            #"""
            [2, 1, {"resumed": true, "resumable": true, "resume-ticket": "second"}]
            [36, 1, "*", {}, [1]]
            [36, 1, "*", {}, [2]]
            """#)
        try realm.send("bob", #"[16, 3, {}, "com.t", [3]]"#)
        try realm.expect("ann", #"[36, 1, "*", {}, [3]]"#)
    }

    @Test mutating func `calls under way survive on both sides`() throws {
        try realm.send("bob", #"[64, 1, {}, "com.p"]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.forget("bob")
        try realm.disconnect("ann")
        try realm.send("bob", #"[70, 1, {}, ["answer"]]"#)
        #expect(try realm.resume("ann", 1, ticket: "first", next: "second"))
        try realm.expect("ann", #"[2, 1, {"resumed": true}]\#n[50, 1, {}, ["answer"]]"#)
    }

    @Test mutating func `a ticket is good once`() throws {
        try realm.disconnect("ann")
        #expect(try realm.resume("ann", 1, ticket: "first", next: "second"))
        try realm.disconnect("ann")
        #expect(try !realm.resume("ann", 1, ticket: "first", next: "third"))
        #expect(try realm.resume("ann", 1, ticket: "second", next: "third"))
    }

    @Test mutating func `nobody else's ticket opens a session`() throws {
        try realm.disconnect("ann")
        #expect(try !realm.resume("eve", 1, ticket: "wrong", next: "second"))
        #expect(try !realm.resume("eve", 2, ticket: "first", next: "second"))
        #expect(try !realm.resume("eve", 9, ticket: "first", next: "second"))
        #expect(try realm.resume("ann", 1, ticket: "first", next: "second"))
    }

    @Test mutating func `a session without a ticket ends with its connection`() throws {
        try realm.send("ann", #"[32, 1, {}, "wamp.session.on_leave"]"#)
        try realm.forget("ann")
        try realm.disconnect("bob")
        try realm.expect("ann", #"[36, 1, "*", {}, [2, "bob", "anonymous"]]"#)
    }

    @Test mutating func `a session that nobody resumes in time ends`() throws {
        try realm.send("bob", #"[32, 1, {}, "wamp.session.on_leave"]"#)
        try realm.forget("bob")
        try realm.disconnect("ann")
        try realm.wait(milliseconds: 9_999)
        try realm.expect("bob")
        try realm.wait(milliseconds: 1)
        try realm.expect("bob", #"[36, 1, "*", {}, [1, "ann", "anonymous"]]"#)
        #expect(try !realm.resume("ann", 1, ticket: "first", next: "second"))
    }

    @Test mutating func `the time begins anew with each loss`() throws {
        try realm.disconnect("ann")
        try realm.wait(milliseconds: 6_000)
        #expect(try realm.resume("ann", 1, ticket: "first", next: "second"))
        try realm.disconnect("ann")
        try realm.wait(milliseconds: 6_000)
        #expect(try realm.resume("ann", 1, ticket: "second", next: "third"))
    }

    @Test mutating func `more than waits for anybody ends the session`() throws {
        try subscribe()
        try realm.disconnect("ann")
        let large = String(repeating: "x", count: 3000)
        for request in 1...2 { try realm.send("bob", #"[16, \#(request), {}, "com.t", ["\#(large)"]]"#) }
        #expect(try !realm.resume("ann", 1, ticket: "first", next: "second"))
        try realm.send("bob", #"[48, 3, {}, "wamp.session.count"]"#)
        try realm.expect("bob", "[50, 3, {}, [1]]")
    }

    @Test mutating func `who comes back before the loss was noticed takes the session over`() throws {
        try subscribe()
        let old = try realm.handle("ann")
        #expect(try realm.resume("ann", 1, ticket: "first", next: "second"))
        try realm.expect("ann", #"[2, 1, {"resumed": true}]"#)
        #expect(try realm.handle("ann") == old)
        try realm.send("bob", #"[16, 1, {}, "com.t"]"#)
        try realm.expect("ann", #"[36, 1, "*", {}]"#)
    }

    @Test mutating func `detached testaments are published at the loss, the others at the end`() throws {
        for scope in ["detached", "destroyed"] {
            try realm.send(
                "ann",
                #"[48, 1, {}, "wamp.session.add_testament", ["com.will", ["\#(scope)"], {}], {"scope": "\#(scope)"}]"#)
        }
        try realm.send("bob", #"[32, 1, {}, "com.will"]"#)
        try realm.forget("bob")
        try realm.disconnect("ann")
        try realm.expect("bob", #"[36, 1, "*", {}, ["detached"]]"#)
        try realm.wait(milliseconds: 10_000)
        try realm.expect("bob", #"[36, 1, "*", {}, ["destroyed"]]"#)
    }

    @Test mutating func `a killed session cannot be resumed`() throws {
        try realm.disconnect("ann")
        try realm.send("bob", #"[48, 1, {}, "wamp.session.kill", [1]]"#)
        try realm.expect("bob", "[50, 1, {}]")
        #expect(try !realm.resume("ann", 1, ticket: "first", next: "second"))
    }

    @Test func `tickets are 16 random bytes in base64`() throws {
        var random = RandomSource(seed: 1)
        let tickets = (0..<100).map { _ in ResumeTicket(&random) }
        #expect(Set(tickets.map(\.text)).count == 100)
        #expect(tickets.allSatisfy { $0.text.utf8.count == 24 && $0.text.hasSuffix("==") })
    }
}
