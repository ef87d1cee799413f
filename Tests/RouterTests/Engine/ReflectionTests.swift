import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Interface Reflection".
@Suite struct ReflectionTests {
    var realm = Transcript()

    private mutating func call(
        _ name: String, _ procedure: String, _ arguments: String, expecting result: String
    ) throws {
        try realm.send(name, #"[48, 1, {}, "\#(procedure)", \#(arguments)]"#)
        try realm.expect(name, result.isEmpty ? "[50, 1, {}]" : "[50, 1, {}, [\(result)]]")
    }

    private mutating func refused(_ name: String, _ arguments: String, _ error: String) throws {
        try realm.send(name, #"[48, 1, {}, "wamp.reflect.define", \#(arguments)]"#)
        try realm.expect(name, #"[8, 48, 1, {}, "\#(error)", "*"]"#)
    }

    @Test mutating func `small definitions of long names have a bound too`() throws {
        try realm.join("ann")
        let lines = (0..<8_000).map { number in
            let uri = "com." + String(repeating: "x", count: 240) + String(10_000 + number)
            return #"[48, \#(number + 1), {}, "wamp.reflect.define", ["\#(uri)", {}, "topic"]]"#
        }
        try realm.send("ann", lines.joined(separator: "\n"))
        let answers = try realm.takeAll("ann")
        #expect(answers.first?.list?.first == 50 && answers.last?.list?[4] == "gantry.error.limit_exceeded")
    }

    @Test mutating func `a URI is its bytes`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try call("ann", "wamp.reflect.define", #"["com.\u00e9", {"title": "one"}, "error"]"#, expecting: "")
        try call("bob", "wamp.reflect.define", #"["com.e\u0301", {"title": "two"}, "error"]"#, expecting: "")
        try call(
            "bob", "wamp.reflection.error.describe", #"["com.\u00e9"]"#, expecting: #"{"schema": {"title": "one"}}"#)
    }

    @Test mutating func `what was defined is listed and described`() throws {
        try realm.join("ann")
        for (uri, kind) in [("com.p", "procedure"), ("com.t", "topic"), ("com.e", "error")] {
            try call("ann", "wamp.reflect.define", #"["\#(uri)", {"title": "x"}, "\#(kind)"]"#, expecting: "")
            try call("ann", "wamp.reflection.\(kind).list", "[]", expecting: #"["\#(uri)"]"#)
            let description = #"{"uri": "\#(uri)", "type": "\#(kind)", "schema": {"title": "x"}}"#
            try call("ann", "wamp.reflection.\(kind).describe", #"["\#(uri)"]"#, expecting: description)
            try call("ann", "wamp.reflect.describe", #"["\#(uri)"]"#, expecting: description)
        }
        try call("ann", "wamp.reflect.describe", #"["com.unknown"]"#, expecting: "null")
    }

    @Test mutating func `registrations and subscriptions are there without a definition`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[64, 1, {"invoke": "random"}, "com.p"]\#n[32, 2, {}, "com.t"]"#)
        try realm.forget("ann")
        try call("ann", "wamp.reflection.procedure.list", "[]", expecting: #"["com.p"]"#)
        try call("ann", "wamp.reflection.topic.list", "[]", expecting: #"["com.t"]"#)
        try call(
            "ann", "wamp.reflection.procedure.describe", #"["com.p"]"#,
            expecting: #"{"uri": "com.p", "match": "exact", "invoke": "random", "schema": null}"#)
    }

    @Test mutating func `definitions come and go before the eyes of whoever watches`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[32, 1, {"match": "prefix"}, "wamp.reflect."]"#)
        try realm.forget("ann")
        try realm.join("bob")
        try call("bob", "wamp.reflect.define", #"["com.p", {"type": "procedure"}]"#, expecting: "")
        try call("bob", "wamp.reflect.define", #"["com.q", {"type": "procedure"}]"#, expecting: "")
        try call("bob", "wamp.reflect.define", #"["com.p", null, "procedure"]"#, expecting: "")
        try realm.leave("bob")
        try realm.expect(
            "ann",
            #"""
            [36, 1, "*", {"topic": "wamp.reflect.on_define"}, ["com.p", "procedure"]]
            [36, 1, "*", {"topic": "wamp.reflect.on_define"}, ["com.q", "procedure"]]
            [36, 1, "*", {"topic": "wamp.reflect.on_undefine"}, ["com.p", "procedure"]]
            [36, 1, "*", {"topic": "wamp.reflect.on_undefine"}, ["com.q", "procedure"]]
            """#)
    }

    @Test mutating func `only who provides a thing defines it, and only who may use it reads of it`() throws {
        let provider = Permissions([
            PermissionRule("com.", .prefix, allow: [.register]), PermissionRule("wamp.", .prefix, allow: [.call]),
        ])
        let stranger = Permissions([PermissionRule("wamp.", .prefix, allow: [.call])])
        try realm.join("ann", permissions: provider)
        try realm.join("eve", permissions: stranger)
        try call("ann", "wamp.reflect.define", #"["com.p", {}, "procedure"]"#, expecting: "")
        try refused("ann", #"["com.t", {}, "topic"]"#, "wamp.error.not_authorized")
        try refused("eve", #"["com.p", {}, "procedure"]"#, "wamp.error.not_authorized")
        try call("eve", "wamp.reflection.procedure.list", "[]", expecting: "[]")
        try call("eve", "wamp.reflection.procedure.describe", #"["com.p"]"#, expecting: "null")
        try call("ann", "wamp.reflection.procedure.list", "[]", expecting: #"["com.p"]"#)
    }

    @Test mutating func `one session does not define what another one has`() throws {
        try realm.join("ann")
        try realm.join("bob")
        try call("ann", "wamp.reflect.define", #"["com.p", {}, "procedure"]"#, expecting: "")
        try refused("bob", #"["com.p", {}, "procedure"]"#, "wamp.error.not_authorized")
        try refused("bob", #"["com.p", null, "procedure"]"#, "wamp.error.not_authorized")
    }

    @Test(arguments: [
        (#"["com.p", {}]"#, "wamp.error.invalid_argument"), (#"["com.p", {}, "thing"]"#, "wamp.error.invalid_argument"),
        (#"["com.p", "text", "topic"]"#, "wamp.error.invalid_argument"),
        (#"["not a uri", {}, "topic"]"#, "wamp.error.invalid_uri"),
        (#"["wamp.session.count", {}, "procedure"]"#, "wamp.error.invalid_uri"),
        ("[]", "wamp.error.invalid_argument"),
    ])
    mutating func `nonsense is refused by name`(_ arguments: String, _ error: String) throws {
        try realm.join("ann")
        try refused("ann", arguments, error)
    }

    @Test mutating func `a definition is bounded`() throws {
        try realm.join("ann")
        let large = String(repeating: "x", count: Reflection.definitionBytesMax)
        try refused("ann", #"["com.p", {"text": "\#(large)"}, "procedure"]"#, "gantry.error.limit_exceeded")
    }
}
