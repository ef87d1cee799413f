import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Session Testament".
@Suite struct TestamentTests {
    var realm = Transcript()

    private mutating func add(_ name: String, _ arguments: String) throws {
        try realm.send(name, #"[48, 1, {}, "wamp.session.add_testament", \#(arguments)]"#)
        try realm.expect(name, "[50, 1, {}]")
    }

    private mutating func watch(_ topic: String) throws {
        try realm.join("heir")
        try realm.send("heir", #"[32, 1, {"match": "prefix"}, "\#(topic)"]"#)
        try realm.expect("heir", "[33, 1, 1]")
    }

    @Test mutating func `testaments are published in their order, detached ones first`() throws {
        try realm.join("ann")
        try add("ann", #"["com.will", [1], {"a": 2}]"#)
        try add("ann", #"["com.will", [2], {}], {"scope": "destroyed"}"#)
        try add("ann", #"["com.will", [3], {}], {"scope": "detached"}"#)
        try watch("com.will")
        try realm.leave("ann")
        try realm.expect(
            "heir",
            #"""
            [36, 1, "*", {"topic": "com.will"}, [3]]
            [36, 1, "*", {"topic": "com.will"}, [1], {"a": 2}]
            [36, 1, "*", {"topic": "com.will"}, [2]]
            """#)
    }

    @Test(arguments: ["[6, {}, \"wamp.close.normal\"]", "[3, {}, \"wamp.error.any\"]", "[2, 1, {}]"])
    mutating func `a testament is published however the session ends`(_ last: String) throws {
        try realm.join("ann")
        try add("ann", #"["com.will", ["gone"], {}]"#)
        try watch("com.will")
        try realm.send("ann", last)
        try realm.expect("heir", #"[36, 1, "*", {"topic": "com.will"}, ["gone"]]"#)
    }

    @Test mutating func `a killed session leaves its testament too`() throws {
        try realm.join("ann")
        try add("ann", #"["com.will", [], {}]"#)
        try watch("com.will")
        try realm.send("heir", #"[48, 2, {}, "wamp.session.kill", [1]]"#)
        try realm.expect("heir", #"[36, 1, "*", {"topic": "com.will"}]\#n[50, 2, {}]"#)
    }

    @Test mutating func `flushing empties one scope, by default destroyed`() throws {
        try realm.join("ann")
        try add("ann", #"["com.will", ["detached"], {}], {"scope": "detached"}"#)
        try add("ann", #"["com.will", ["destroyed"], {}]"#)
        try realm.send("ann", #"[48, 2, {}, "wamp.session.flush_testaments"]"#)
        try realm.expect("ann", "[50, 2, {}]")
        try watch("com.will")
        try realm.leave("ann")
        try realm.expect("heir", #"[36, 1, "*", {"topic": "com.will"}, ["detached"]]"#)
    }

    @Test mutating func `publish options hold, acknowledge aside`() throws {
        try realm.join("ann")
        let options = #"{"eligible_authid": ["heir"], "disclose_me": true, "acknowledge": true}"#
        try add("ann", #"["com.will", [], {}], {"publish_options": \#(options)}"#)
        try watch("com.will")
        try realm.join("other")
        try realm.send("other", #"[32, 1, {}, "com.will"]"#)
        try realm.forget("other")
        try realm.leave("ann")
        try realm.expect("heir", #"[36, 1, "*", {"topic": "com.will", "publisher": 1, "publisher_authid": "ann"}]"#)
        try realm.expect("other")
    }

    @Test(arguments: [
        (#"["wamp.session.on_leave", [], {}]"#, "wamp.error.invalid_uri"),
        (#"["not a uri", [], {}]"#, "wamp.error.invalid_uri"),
        (#"["com.secret", [], {}]"#, "wamp.error.not_authorized"),
        (#"["com.will", 1, {}]"#, "wamp.error.invalid_argument"),
        (#"["com.will", [], []]"#, "wamp.error.invalid_argument"),
        (#"["com.will", [], {}], {"scope": "later"}"#, "wamp.error.invalid_argument"),
        (#"["com.will", [], {}], {"publish_options": {"eligible": "all"}}"#, "wamp.error.invalid_argument"),
        ("[]", "wamp.error.invalid_argument"),
    ])
    mutating func `what could not be published is refused when it is added`(_ arguments: String, _ error: String) throws
    {
        let rules = [
            PermissionRule("com.will", allow: [.publish]), PermissionRule("wamp.", .prefix, allow: [.call]),
        ]
        try realm.join("ann", permissions: Permissions(rules))
        try realm.send("ann", #"[48, 1, {}, "wamp.session.add_testament", \#(arguments)]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "\#(error)", "*"]"#)
    }

    @Test mutating func `a session may leave only so many`() throws {
        try realm.join("ann")
        for _ in 0..<Testaments.countMax { try add("ann", #"["com.will", [], {}]"#) }
        try realm.send("ann", #"[48, 1, {}, "wamp.session.add_testament", ["com.will", [], {}]]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "gantry.error.limit_exceeded", "*"]"#)
    }

    @Test mutating func `the one who leaves does not hear its own testament`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[32, 1, {}, "com.will"]"#)
        try realm.forget("ann")
        try add("ann", #"["com.will", [], {}], {"publish_options": {"exclude_me": false}}"#)
        try realm.leave("ann")
        try realm.expect("ann")
    }
}
