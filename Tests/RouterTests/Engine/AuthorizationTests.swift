import ModuleKit
import Testing
import WAMP

@testable import Router

/// Roles for which a procedure decides, seen from the engine: who is asked what, and what waits for the answer.
@Suite struct AuthorizationTests {
    var realm = Transcript(eventHistory: [EventHistoryRule("com.", .prefix, limit: 100)])

    private static let authorizer = AuthorizerProcedure("com.example.authorize")
    private static let yes = AuthorizerAnswer(decision: .allowed(isDisclosed: false))
    private static let no = AuthorizerAnswer(decision: .denied)
    private static let always = AuthorizerAnswer(decision: .allowed(isDisclosed: false), isRemembered: true)
    private static let never = AuthorizerAnswer(decision: .denied, isRemembered: true)
    private static let disclosing = AuthorizerAnswer(decision: .allowed(isDisclosed: true))

    private mutating func joinAnn(features: String = Transcript.allFeatures, ticket: String? = nil) throws {
        try realm.join("ann", role: "user", features: features, ticket: ticket, authorizer: Self.authorizer)
    }

    /// Whatever ann has asked for is answered alike, until nothing waits.
    private mutating func decideAll(_ answer: AuthorizerAnswer) throws {
        while let question = realm.engine.takeQuestions().first { try realm.decide(question, answer) }
    }

    private func words(_ question: AuthorizationQuestion) -> String {
        let subject = question.subject
        return "\(subject.action.word) \(subject.match.name) \(String(decoding: subject.uri, as: UTF8.self))"
    }

    // MARK: What is asked

    @Test(arguments: [
        (#"[16, 1, {}, "com.a", [1]]"#, ["publish exact com.a"]),
        (#"[32, 1, {}, "com.a"]"#, ["subscribe exact com.a"]),
        (#"[32, 1, {"match": "prefix"}, "com."]"#, ["subscribe prefix com."]),
        (#"[32, 1, {}, "wamp.session.on_join"]"#, ["subscribe exact wamp.session.on_join"]),
        (#"[64, 1, {"match": "wildcard"}, "com..a"]"#, ["register wildcard com..a"]),
        (#"[48, 1, {}, "com.a"]"#, ["call exact com.a"]),
        (#"[48, 1, {}, "wamp.session.count"]"#, ["call exact wamp.session.count"]),
        (#"[48, 1, {}, "wamp.session.kill", [7]]"#, ["call exact wamp.session.kill"]),
        (
            #"[48, 1, {}, "wamp.subscription.get_events", [1]]"#,
            ["call exact wamp.subscription.get_events", "subscribe prefix com."]
        ),
        (
            #"[48, 1, {}, "wamp.topic.forget_retained", ["com.a"]]"#,
            ["call exact wamp.topic.forget_retained", "publish exact com.a"]
        ),
        (
            #"[48, 1, {}, "wamp.session.add_testament", ["com.a", [], {}]]"#,
            ["call exact wamp.session.add_testament", "publish exact com.a"]
        ),
        (
            #"[48, 1, {}, "wamp.reflect.define", ["com.a", {"type": "procedure"}]]"#,
            ["call exact wamp.reflect.define", "register exact com.a"]
        ),
        (
            #"[48, 1, {}, "wamp.reflection.topic.describe", ["com.a"]]"#,
            ["call exact wamp.reflection.topic.describe", "subscribe exact com.a"]
        ),
        (#"[48, 1, {}, "wamp.reflection.topic.list"]"#, ["call exact wamp.reflection.topic.list"]),
        // What the router refuses to everybody, or what is no question of rights, is not asked.
        (#"[16, 1, {}, "wamp.a", [1]]"#, []),
        (#"[64, 1, {}, "wamp.a"]"#, []),
        (#"[16, 1, {}, "not a uri"]"#, []),
        (#"[32, 1, {"match": 7}, "com.a"]"#, []),
        (#"[34, 1, 7]"#, []),
        (#"[66, 1, 7]"#, []),
        (#"[49, 1, {}]"#, []),
    ])
    mutating func `each message asks for what static rules would look up`(
        _ message: String, _ asked: [String]
    ) throws {
        try joinAnn()
        try realm.send("ann", message)
        var questions: [String] = []
        while let question = realm.engine.takeQuestions().first {
            questions.append(words(question))
            try realm.decide(question, Self.yes)
        }
        #expect(questions == asked)
        for session in realm.engine.sessions.handles() {
            #expect(realm.engine.sessions[session.slot].authorization?.isWaiting == false)
        }
    }

    @Test mutating func `the question says who, what and how`() throws {
        try joinAnn()
        try realm.send("ann", #"[16, 1, {"retain": true, "exclude": [5]}, "com.a"]"#)
        let question = try realm.question()
        #expect(question.authorizer == Self.authorizer)
        let options = try Value.decode(question.options.bytes, question.options.serializer)
        #expect(options == ["retain": true, "exclude": [5]])
        let expected: Value = [
            "session": 1, "authid": "ann", "authrole": "user", "authmethod": "anonymous", "authprovider": "static",
            "realm": "realm1", "authextra": [:],
        ]
        #expect(Value.dictionary(question.details).fits(expected))
    }

    // MARK: What follows

    @Test(arguments: [
        (#"[16, 1, {"acknowledge": true}, "com.a"]"#, #"[17, 1, "*"]"#, "[8, 16"),
        (#"[32, 1, {}, "com.a"]"#, "[33, 1, 2]", "[8, 32"),
        (#"[64, 1, {}, "com.a"]"#, "[65, 1, 1]", "[8, 64"),
        (#"[48, 1, {}, "wamp.session.count"]"#, "[50, 1, {}, [1]]", "[8, 48"),
        (#"[48, 1, {}, "wamp.session.add_testament", ["com.a", [], {}]]"#, "[50, 1, {}]", "[8, 48"),
    ])
    mutating func `yes, no, and neither`(_ message: String, _ result: String, _ error: String) throws {
        for (answer, expected) in [
            (Self.yes, result), (Self.no, #"\#(error), 1, {}, "wamp.error.not_authorized", "*"]"#),
            (.failed, #"\#(error), 1, {}, "wamp.error.authorization_failed", "*"]"#),
            (.outage, #"\#(error), 1, {}, "wamp.error.authorization_failed", "*"]"#),
        ] {
            realm = Transcript(eventHistory: [EventHistoryRule("com.", .prefix, limit: 100)])
            try joinAnn()
            try realm.send("ann", message)
            try realm.expect("ann")
            try decideAll(answer)
            try realm.expect("ann", expected)
        }
    }

    @Test(arguments: [no, .failed, .outage])
    mutating func `a publication that nobody acknowledges is dropped in silence`(_ answer: AuthorizerAnswer) throws {
        try joinAnn()
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.a"]"#)
        try realm.forget("bob")
        try realm.send("ann", #"[16, 1, {}, "com.a"]"#)
        try decideAll(answer)
        try realm.expect("ann")
        try realm.expect("bob")
        #expect(realm.engine.counters.requestErrors == 1)
    }

    @Test mutating func `a decision to be remembered is, by action, URI and policy, and others are not`() throws {
        try joinAnn()
        try realm.send("ann", #"[16, 1, {"acknowledge": true}, "com.a"]"#)
        try decideAll(Self.always)
        try realm.send("ann", #"[32, 2, {}, "com.b"]"#)
        try decideAll(Self.never)
        try realm.forget("ann")
        try realm.send("ann", #"[16, 3, {"acknowledge": true}, "com.a"]"# + "\n" + #"[32, 4, {}, "com.b"]"#)
        try realm.expect("ann", #"[17, 3, "*"]"# + "\n" + #"[8, 32, 4, {}, "wamp.error.not_authorized", "*"]"#)
        for message in [
            #"[32, 5, {}, "com.a"]"#, #"[16, 6, {}, "com.b"]"#, #"[32, 7, {"match": "prefix"}, "com.b"]"#,
        ] {
            try realm.send("ann", message)
            try realm.decide(realm.question(), Self.yes)
            // Once more, because yes alone is good for one message.
            try realm.send("ann", message.replacing("[32, ", with: "[32, 1").replacing("[16, ", with: "[16, 1"))
            try realm.decide(realm.question(), Self.yes)
        }
    }

    @Test mutating func `nobody else has a session's decisions`() throws {
        try joinAnn()
        try realm.send("ann", #"[16, 1, {}, "com.a"]"#)
        try decideAll(Self.always)
        try realm.join("ben", role: "user", authorizer: Self.authorizer)
        try realm.send("ben", #"[16, 1, {}, "com.a"]"#)
        #expect(try words(realm.question()) == "publish exact com.a")
    }

    @Test mutating func `what may be remembered is bounded`() throws {
        try joinAnn()
        for number in 0..<1000 {
            try realm.send("ann", #"[16, \#(number + 1), {}, "com.a\#(number)"]"#)
            try decideAll(Self.always)
        }
        try realm.send("ann", #"[16, 2001, {}, "com.a0"]"#)
        _ = try realm.question()
    }

    @Test mutating func `a disclosing decision discloses, for publishers and callers`() throws {
        try joinAnn()
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.a"]"# + "\n" + #"[64, 2, {}, "com.p"]"#)
        try realm.forget("bob")
        for (answer, disclosed) in [(Self.disclosing, true), (Self.yes, false)] {
            try realm.send("ann", #"[16, 1, {}, "com.a"]"#)
            try decideAll(answer)
            try realm.send("ann", #"[48, \#(disclosed ? 2 : 3), {}, "com.p"]"#)
            try decideAll(answer)
            let received = try realm.takeAll("bob").compactMap(\.list)
            #expect(received.count == 2)
            #expect(received[0][3]["publisher_authid"] == (disclosed ? "ann" : nil))
            #expect(received[1][3]["caller_authid"] == (disclosed ? "ann" : nil))
        }
    }

    @Test mutating func `a call that is given to another callee stays disclosed`() throws {
        try joinAnn()
        for name in ["bob", "eve"] {
            try realm.join(name, features: Transcript.allFeatures)
            try realm.send(name, #"[64, 1, {"invoke": "first"}, "com.p"]"#)
            try realm.forget(name)
        }
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try decideAll(Self.disclosing)
        try realm.expect("bob", #"[68, 1, "*", {"caller_authid": "ann"}]"#)
        try realm.send("bob", #"[8, 68, 1, {}, "wamp.error.unavailable"]"#)
        try realm.expect("eve", #"[68, 1, "*", {"caller_authid": "ann"}]"#)
    }

    // MARK: Waiting

    @Test mutating func `what is sent behind a message that waits keeps its order, and others go on`() throws {
        try joinAnn()
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {"match": "prefix"}, "com."]"#)
        try realm.forget("bob")
        try realm.send(
            "ann",
            #"""
            [16, 1, {}, "com.slow", [1]]
            [16, 2, {"acknowledge": true}, "com.fast", [2]]
            [48, 3, {}, "wamp.session.count"]
            [34, 4, 77]
            """#)
        try realm.send("bob", #"[16, 2, {"exclude_me": false}, "com.bob", ["b"]]"#)
        try realm.expect("bob", #"[36, 1, "*", {"topic": "com.bob"}, ["b"]]"#)
        try realm.expect("ann")
        let slow = try realm.question()
        #expect(words(slow) == "publish exact com.slow")
        try realm.decide(slow, Self.yes)
        try realm.expect("bob", #"[36, 1, "*", {"topic": "com.slow"}, [1]]"#)
        let fast = try realm.question()
        #expect(words(fast) == "publish exact com.fast")
        // An answer twice, or to another question, decides nothing.
        try realm.decide(slow, Self.no)
        try realm.decide(fast, Self.always)
        try realm.expect("bob", #"[36, 1, "*", {"topic": "com.fast"}, [2]]"#)
        try realm.expect("ann", #"[17, 2, "*"]"#)
        try realm.decide(realm.question(), Self.no)
        try realm.expect(
            "ann",
            #"""
            [8, 48, 3, {}, "wamp.error.not_authorized", "*"]
            [8, 34, 4, {}, "wamp.error.no_such_subscription", "*"]
            """#)
    }

    @Test mutating func `a session is not read from while more than one of its messages waits`() throws {
        try joinAnn()
        try realm.send("ann", #"[16, 1, {}, "com.a"]"#)
        try realm.expect("ann")
        #expect(try realm.isReadFrom("ann"))
        try realm.send("ann", #"[16, 2, {}, "com.a"]"#)
        try realm.expect("ann")
        #expect(try !realm.isReadFrom("ann"))
        try realm.decide(realm.question(), Self.yes)
        #expect(try !realm.isReadFrom("ann"))
        try realm.decide(realm.question(), Self.yes)
        #expect(try realm.isReadFrom("ann"))
    }

    @Test mutating func `what waits is bounded, and one message always fits`() throws {
        var limits = RouterLimits()
        limits.outboxBytesMax = 1000
        realm = Transcript(limits: limits)
        try joinAnn()
        let long = String(repeating: "x", count: 5000)
        try realm.send("ann", #"[16, 1, {"acknowledge": true}, "com.a", ["\#(long)"]]"#)
        try decideAll(Self.yes)
        try realm.expect("ann", #"[17, 1, "*"]"#)
        for number in 2..<10 { try realm.send("ann", #"[16, \#(number), {}, "com.a"]"#) }
        try realm.expect("ann", #"[6, {"message": "*"}, "gantry.error.limit_exceeded"]"#)
        #expect(try realm.ending("ann") == .close)
        #expect(realm.engine.sessions.count == 0)
    }

    @Test mutating func `when nobody answers, all that waits by then fails at once`() throws {
        try joinAnn()
        for number in 1...3 { try realm.send("ann", #"[16, \#(number), {"acknowledge": true}, "com.a"]"#) }
        try realm.decide(realm.question(), .outage)
        try realm.expect(
            "ann",
            (1...3).map { #"[8, 16, \#($0), {}, "wamp.error.authorization_failed", "*"]"# }.joined(separator: "\n"))
        #expect(realm.engine.questions.isEmpty)
        try realm.send("ann", #"[16, 4, {}, "com.a"]"#)
        _ = try realm.question()
    }

    // MARK: Endings

    @Test mutating func `GOODBYE waits for what was said before it`() throws {
        try joinAnn()
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.a"]"#)
        try realm.forget("bob")
        try realm.send("ann", #"[16, 1, {}, "com.a", [1]]"# + "\n" + #"[6, {}, "wamp.close.normal"]"#)
        try realm.expect("ann")
        try decideAll(Self.yes)
        try realm.expect("bob", #"[36, "*", "*", {}, [1]]"#)
        try realm.expect("ann", #"[6, {}, "wamp.close.goodbye_and_out"]"#)
        #expect(try realm.ending("ann") == .leave && realm.engine.sessions.count == 1)
    }

    @Test mutating func `a session that is gone leaves nothing behind`() throws {
        try joinAnn()
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.a"]"#)
        try realm.forget("bob")
        try realm.send("ann", #"[16, 1, {}, "com.a"]"# + "\n" + #"[64, 2, {}, "com.p"]"#)
        let question = try realm.question()
        try realm.disconnect("ann")
        // Another session has its place when the answer comes.
        try realm.join("carl", role: "user", authorizer: Self.authorizer)
        try realm.send("carl", #"[16, 1, {}, "com.c"]"#)
        try realm.decide(question, Self.always)
        try realm.expect("bob")
        #expect(realm.engine.registrations.count == 0 && realm.engine.sessions.count == 2)
        #expect(try words(realm.question()) == "publish exact com.c")
    }

    @Test mutating func `a session that is resumed meanwhile gets what was decided`() throws {
        var limits = RouterLimits()
        limits.resumeWithinMilliseconds = 1000
        realm = Transcript(limits: limits)
        try joinAnn(ticket: "one")
        try realm.send("ann", #"[64, 1, {}, "com.p"]"# + "\n" + #"[64, 2, {}, "com.q"]"#)
        try realm.disconnect("ann")
        try realm.decide(realm.question(), Self.yes)
        #expect(try realm.resume("ann", 1, ticket: "one", next: "two"))
        #expect(try realm.takeAll("ann").compactMap { $0.list?.first } == [2, 65])
        #expect(try !realm.isReadFrom("ann"))
        try realm.decide(realm.question(), Self.yes)
        try realm.expect("ann", "[65, 2, 2]")
        #expect(try realm.isReadFrom("ann"))
    }

    @Test mutating func `a testament is decided when it is added, and for good`() throws {
        try joinAnn()
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {}, "com.will"]"#)
        try realm.forget("bob")
        try realm.send("ann", #"[48, 1, {}, "wamp.session.add_testament", ["com.will", ["gone"], {}]]"#)
        try decideAll(Self.disclosing)
        try realm.expect("ann", "[50, 1, {}]")
        try realm.send("ann", #"[16, 2, {}, "com.will", ["waits"]]"#)
        try realm.leave("ann")
        try realm.expect("bob", #"[36, "*", "*", {"publisher_authid": "ann"}, ["gone"]]"#)
    }

    // MARK: The session that asks

    @Test mutating func `a session of this process may ask for as many as there are`() throws {
        var limits = RouterLimits()
        limits.pendingCallsMax = 1
        realm = Transcript(limits: limits)
        try realm.join("dee")
        try realm.join("router", isLocal: true)
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        try realm.forget("dee")
        for request in 1...3 { try realm.send("router", #"[48, \#(request), {}, "com.p"]"#) }
        #expect(try realm.takeAll("dee").count == 3)
    }

    @Test mutating func `its calls end in time, whatever the callee would like to keep itself`() throws {
        try realm.join("dee", features: Transcript.allFeatures)
        try realm.join("router", isLocal: true)
        try realm.send("dee", #"[64, 1, {"forward_timeout": true}, "com.p"]"#)
        try realm.forget("dee")
        try realm.send("router", #"[48, 1, {"timeout": 100}, "com.p"]"#)
        try realm.expect("dee", #"[68, 1, 1, {"timeout": 100}]"#)
        try realm.wait(milliseconds: 100)
        try realm.expect("router", #"[8, 48, 1, {}, "wamp.error.timeout", "*"]"#)
    }

    // MARK: Requests in parts, and in a strict realm

    @Test mutating func `further payload of a call is not asked about`() throws {
        try joinAnn()
        try realm.join("bob", features: Transcript.allFeatures)
        try realm.send("bob", #"[64, 1, {}, "com.p"]"#)
        try realm.forget("bob")
        try realm.send(
            "ann",
            #"[48, 1, {"progress": true}, "com.p", [1]]"# + "\n" + #"[48, 1, {"progress": true}, "com.p", [2]]"#)
        try realm.decide(realm.question(), Self.yes)
        try realm.send("ann", #"[48, 1, {}, "com.p", [3]]"#)
        #expect(realm.engine.questions.isEmpty)
        try realm.expect(
            "bob",
            #"""
            [68, 1, 1, {"progress": true}, [1]]
            [68, 1, 1, {"progress": true}, [2]]
            [68, 1, 1, {}, [3]]
            """#)
        try realm.send("ann", #"[48, 2, {"progress": true}, "com.q", [1]]"# + "\n" + #"[48, 2, {}, "com.q", [2]]"#)
        try realm.decide(realm.question(), Self.no)
        #expect(realm.engine.questions.isEmpty)
        try realm.expect("ann", #"[8, 48, 2, {}, "wamp.error.not_authorized", "*"]"#)
    }

    @Test mutating func `a strict realm counts requests that waited as any other`() throws {
        realm.engine.isStrict = true
        try joinAnn()
        try realm.send(
            "ann",
            #"""
            [48, 1, {}, "com.p"]
            [16, 2, {}, "com.a"]
            [48, 3, {}, "com.p"]
            """#)
        try decideAll(.failed)
        try realm.expect(
            "ann",
            #"""
            [8, 48, 1, {}, "wamp.error.authorization_failed", "*"]
            [8, 48, 3, {}, "wamp.error.authorization_failed", "*"]
            """#)
        try realm.send("ann", #"[16, 5, {}, "com.a"]"#)
        try decideAll(Self.yes)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }
}
