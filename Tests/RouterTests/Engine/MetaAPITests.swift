import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Session Meta API", "Registration Meta API", "Subscription Meta API".
@Suite struct MetaAPITests {
    var realm = Transcript()

    private mutating func call(
        _ name: String, _ procedure: String, _ arguments: String, expecting result: String
    ) throws {
        try realm.send(name, #"[48, 1, {}, "\#(procedure)", \#(arguments)]"#)
        try realm.expect(
            name,
            result.hasPrefix("wamp.")
                ? #"[8, 48, 1, {}, "\#(result)", "*"]"# : result.isEmpty ? "[50, 1, {}]" : "[50, 1, {}, [\(result)]]")
    }

    @Test mutating func `sessions are counted, listed and described`() throws {
        try realm.join("ann", role: "member")
        try realm.join("bob", role: "guest")
        try call("ann", "wamp.session.count", "[]", expecting: "2")
        try call("ann", "wamp.session.list", #"[["guest"]]"#, expecting: "[2]")
        try call("ann", "wamp.session.get", "[2]", expecting: #"{"session": 2, "authid": "bob", "authrole": "guest"}"#)
        try call("ann", "wamp.session.get", "[99]", expecting: "wamp.error.no_such_session")
        try call("ann", "wamp.session.get", #"["x"]"#, expecting: "wamp.error.invalid_argument")
    }

    @Test mutating func `joining and leaving are told`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[32, 1, {"match": "prefix"}, "wamp.session."]"#)
        try realm.expect("ann", #"[33, 1, 1]"#)
        try realm.join("bob")
        try realm.leave("bob")
        try realm.expect(
            "ann",
            #"""
            [36, 1, "*", {"topic": "wamp.session.on_join"}, [{"session": 2, "authid": "bob"}]]
            [36, 1, "*", {"topic": "wamp.session.on_leave"}, [2, "bob", "anonymous"]]
            """#)
    }

    @Test mutating func `a killed session gets GOODBYE with the reason`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try call("ann", "wamp.session.kill", #"[2], {"reason": "com.bye", "message": "go"}"#, expecting: "")
        try realm.expect("bob", #"[6, {"message": "go"}, "com.bye"]"#)
        #expect(try realm.ending("bob") == .close)
        try call("ann", "wamp.session.kill", "[1]", expecting: "wamp.error.no_such_session")
        try call("ann", "wamp.session.kill", "[2]", expecting: "wamp.error.no_such_session")
    }

    @Test mutating func `kill by authid, by role and of all spares the caller`() throws {
        try realm.join("ann", role: "guest")
        for name in ["bob", "eve", "joe"] { try realm.join(name, role: "guest") }
        try call("ann", "wamp.session.kill_by_authid", #"["bob"]"#, expecting: "[2]")
        try realm.expect("bob", #"[6, {}, "wamp.close.killed"]"#)
        try call("ann", "wamp.session.kill_by_authrole", #"["guest"]"#, expecting: "2")
        try call("ann", "wamp.session.kill_all", #"[], {"reason": "not a uri"}"#, expecting: "wamp.error.invalid_uri")
        try call("ann", "wamp.session.kill_all", "[]", expecting: "0")
        try call("ann", "wamp.session.count", "[]", expecting: "1")
    }

    /// "Closing all sessions in the realm will not generate session meta events or testament events."
    @Test mutating func `kill_all is told to nobody`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try realm.send("bob", #"[48, 1, {}, "wamp.session.add_testament", ["com.will", [], {}]]"#)
        try realm.forget("bob")
        try realm.send("ann", #"[32, 1, {"match": "prefix"}, "wamp.session."]\#n[32, 2, {}, "com.will"]"#)
        try realm.expect("ann", #"[33, 1, 1]\#n[33, 2, 2]"#)
        try call("ann", "wamp.session.kill_all", "[]", expecting: "1")
        try realm.expect("ann")
    }

    @Test mutating func `sessions of this process are not killed`() throws {
        try realm.join("ann")
        try realm.join("fleetdb", isLocal: true)
        try call("ann", "wamp.session.kill", "[2]", expecting: "wamp.error.no_such_session")
        try call("ann", "wamp.session.kill_by_authid", #"["fleetdb"]"#, expecting: "[]")
        try call("ann", "wamp.session.kill_all", "[]", expecting: "0")
        try call("ann", "wamp.session.count", "[]", expecting: "2")
    }

    /// Those of this process have to know whom there still is.
    @Test mutating func `kill_all is told to sessions of this process alone`() throws {
        try realm.join("ann")
        try realm.join("fleetdb", isLocal: true)
        try realm.join("bob")
        for name in ["ann", "fleetdb"] {
            try realm.send(name, #"[32, 1, {}, "wamp.session.on_leave"]"#)
            try realm.forget(name)
        }
        try call("ann", "wamp.session.kill_all", "[]", expecting: "1")
        try realm.expect("ann")
        try realm.expect("fleetdb", #"[36, 1, "*", {}, [3, "bob", "anonymous"]]"#)
    }

    @Test mutating func `subscriptions of this process are not removed`() throws {
        try realm.join("ann")
        try realm.join("fleetdb", isLocal: true)
        try realm.send("fleetdb", #"[32, 1, {}, "com.t"]"#)
        try realm.forget("fleetdb")
        try call("ann", "wamp.subscription.remove_subscriber", "[1, 2]", expecting: "wamp.error.no_such_session")
        try realm.send("ann", #"[16, 1, {}, "com.t"]"#)
        try realm.expect("fleetdb", #"[36, 1, "*", {}]"#)
    }

    @Test func `behind a full outbox there are no further results`() throws {
        var limits = RouterLimits()
        limits.outboxBytesMax = 4096
        var realm = Transcript(limits: limits)
        try realm.join("ann")
        let schema = String(repeating: "x", count: 1000)
        try realm.send("ann", #"[48, 1, {}, "wamp.reflect.define", ["com.e", {"a": "\#(schema)"}, "error"]]"#)
        try realm.forget("ann")
        let calls = (2..<100).map { #"[48, \#($0), {}, "wamp.reflect.describe", ["com.e"]]"# }
        try realm.send("ann", calls.joined(separator: "\n"))
        let answers = try realm.takeAll("ann")
        let results = answers.filter { $0.list?.first == 50 }.count
        #expect(answers.count == calls.count && (3...5).contains(results))
        #expect(answers.last?.list?[4] == "gantry.error.limit_exceeded")
    }

    @Test mutating func `registrations are listed, looked up, matched and counted`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[64, 1, {"match": "prefix", "invoke": "first"}, "com."]\#n[64, 2, {}, "com.p"]"#)
        try realm.expect("ann", #"[65, 1, 1]\#n[65, 2, 2]"#)
        try call("ann", "wamp.registration.list", "[]", expecting: #"{"exact": [2], "prefix": [1], "wildcard": []}"#)
        try call("ann", "wamp.registration.lookup", #"["com.", {"match": "prefix"}]"#, expecting: "1")
        try call("ann", "wamp.registration.lookup", #"["com."]"#, expecting: "null")
        try call("ann", "wamp.registration.match", #"["com.q"]"#, expecting: "1")
        try call("ann", "wamp.registration.match", #"["org.q"]"#, expecting: "null")
        try call(
            "ann", "wamp.registration.get", "[1]",
            expecting: #"{"id": 1, "uri": "com.", "match": "prefix", "invoke": "first", "created": "*"}"#)
        try call("ann", "wamp.registration.get", "[9]", expecting: "wamp.error.no_such_registration")
        try call("ann", "wamp.registration.list_callees", "[2]", expecting: "[1]")
        try call("ann", "wamp.registration.count_callees", "[2]", expecting: "1")
    }

    @Test mutating func `registrations come and go before the eyes of whoever watches`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[32, 1, {"match": "prefix"}, "wamp.registration."]"#)
        try realm.expect("ann", #"[33, 1, 1]"#)
        try realm.join("bob")
        try realm.send("bob", #"[64, 1, {}, "com.p"]\#n[66, 2, 1]"#)
        try realm.expect(
            "ann",
            #"""
            [36, 1, "*", {"topic": "wamp.registration.on_create"}, [2, {"id": 1, "uri": "com.p"}]]
            [36, 1, "*", {"topic": "wamp.registration.on_register"}, [2, 1]]
            [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [2, 1]]
            [36, 1, "*", {"topic": "wamp.registration.on_delete"}, [2, 1]]
            """#)
    }

    // MARK: Registration Revocation

    @Test mutating func `a callee is removed from a registration, and told`() throws {
        try realm.join("ann")
        for name in ["bob", "eve"] {
            try realm.join(name)
            try realm.send(name, #"[64, 1, {"invoke": "first"}, "com.p"]"#)
            try realm.expect(name, #"[65, 1, 1]"#)
        }
        try realm.send("ann", #"[32, 1, {"match": "prefix"}, "wamp.registration."]"#)
        try realm.expect("ann", #"[33, 1, 1]"#)
        try realm.send("ann", #"[48, 1, {}, "wamp.registration.remove_callee", [1, 2, "com.moving"]]"#)
        try realm.expect("bob", #"[67, 0, {"registration": 1, "reason": "com.moving"}]"#)
        try realm.send("ann", #"[48, 2, {}, "wamp.registration.remove_callee", [1, 3]]"#)
        try realm.expect("eve", #"[67, 0, {"registration": 1}]"#)
        try realm.expect(
            "ann",
            #"""
            [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [2, 1]]
            [50, 1, {}, [null]]
            [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [3, 1]]
            [36, 1, "*", {"topic": "wamp.registration.on_delete"}, [3, 1]]
            [50, 2, {}, [null]]
            """#)
    }

    @Test mutating func `a callee that has not announced revocation is not told, and its call is its own to the end`()
        throws
    {
        try realm.join("ann")
        try realm.join("bob", features: #"{"callee": {}}"#)
        try realm.send("bob", #"[64, 1, {}, "com.p"]"#)
        try realm.send("ann", #"[48, 1, {}, "com.p"]\#n[48, 2, {}, "wamp.registration.remove_callee", [1, 2]]"#)
        try realm.send("bob", #"[70, 1, {}, ["done"]]\#n[66, 2, 1]"#)
        try realm.expect(
            "bob", #"[65, 1, 1]\#n[68, 1, 1, {}]\#n[8, 66, 2, {}, "wamp.error.no_such_registration", "*"]"#)
        try realm.expect("ann", #"[50, 2, {}, [null]]\#n[50, 1, {}, ["done"]]"#)
    }

    @Test mutating func `whom nobody knows cannot be removed`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[64, 9, {}, "com.p"]"#)
        try realm.forget("ann")
        try realm.join("bob")
        let remove = "wamp.registration.remove_callee"
        try call("bob", remove, "[7, 1]", expecting: "wamp.error.no_such_registration")
        try call("bob", remove, "[1, 99]", expecting: "wamp.error.no_such_session")
        try call("bob", remove, "[1, 2]", expecting: "wamp.error.no_such_registration")
        try call("bob", remove, "[1]", expecting: "wamp.error.invalid_argument")
        try call("bob", remove, "[1, 1, 5]", expecting: "wamp.error.invalid_argument")
    }

    @Test mutating func `subscriptions are listed, matched and counted`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[32, 1, {"match": "wildcard"}, "com..x"]\#n[32, 2, {}, "com.a.x"]"#)
        try realm.expect("ann", #"[33, 1, 1]\#n[33, 2, 2]"#)
        try call("ann", "wamp.subscription.list", "[]", expecting: #"{"exact": [2], "prefix": [], "wildcard": [1]}"#)
        try call("ann", "wamp.subscription.match", #"["com.a.x"]"#, expecting: "[2, 1]")
        try call("ann", "wamp.subscription.match", #"["com.a.y"]"#, expecting: "null")
        try call("ann", "wamp.subscription.lookup", #"["com..x", {"match": "wildcard"}]"#, expecting: "1")
        try call("ann", "wamp.subscription.list_subscribers", "[1]", expecting: "[1]")
        try call("ann", "wamp.subscription.count_subscribers", "[9]", expecting: "wamp.error.no_such_subscription")
    }

    // MARK: Transports that take little

    @Test mutating func `a result that does not fit is an error`() throws {
        try realm.join("ann", frameBytesMax: 512)
        try realm.join("bob")
        for number in 1...150 { try realm.send("bob", #"[32, \#(number), {}, "com.t\#(number)"]"#) }
        try call("ann", "wamp.subscription.list", "[]", expecting: "wamp.error.payload_size_exceeded")
    }

    @Test mutating func `a refusal that does not fit says less`() throws {
        try realm.join("ann", frameBytesMax: 512)
        let name = String(repeating: "\\u0001", count: 200)
        try realm.send("ann", #"[48, 1, {}, "com.\#(name)"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.no_such_procedure"]"#)
    }

    @Test mutating func `a text that does not fit is left out of what has to be said`() throws {
        let features = """
            {"callee": {"features": {"registration_revocation": true}},
             "subscriber": {"features": {"subscription_revocation": true}}}
            """
        let text = String(repeating: "x", count: 600)
        try realm.join("ann")
        try realm.join("bob", frameBytesMax: 512, features: features)
        try realm.send("bob", #"[64, 1, {}, "com.p"]\#n[32, 2, {}, "com.t"]"#)
        try realm.forget("bob")
        try call("ann", "wamp.registration.remove_callee", #"[1, 2, "\#(text)"]"#, expecting: "null")
        try realm.expect("bob", #"[67, 0, {"registration": 1}]"#)
        try call("ann", "wamp.subscription.remove_subscriber", #"[1, 2, "\#(text)"]"#, expecting: "null")
        try realm.expect("bob", #"[35, 0, {"subscription": 1}]"#)
        try call("ann", "wamp.session.kill", #"[2], {"message": "\#(text)"}"#, expecting: "")
        try realm.expect("bob", #"[6, {}, "wamp.close.killed"]"#)
    }
}
