import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Payload Passthru Mode".
@Suite struct PayloadPassthruTests {
    var realm = Transcript()

    private static let options = #"""
        {"ppt_scheme": "wamp", "ppt_serializer": "cbor", "ppt_cipher": "aes256gcm", "ppt_keyid": "k1"}
        """#
    private static let plain = #"{"caller": {}, "callee": {}}"#

    /// A callee `dee` of `com.p` and a caller `ann`.
    private mutating func arrange(
        caller: String = Transcript.allFeatures, callee: String = Transcript.allFeatures,
        serializer: Serializer = .json
    ) throws {
        try realm.join("dee", serializer: serializer, features: callee)
        try realm.join("ann", features: caller)
        try realm.send("dee", #"[64, 1, {}, "com.p"]"#)
        try realm.expect("dee", #"[65, 1, 1]"#)
    }

    @Test(arguments: Serializer.allCases)
    mutating func `the payload and its four options travel both ways as they are`(_ serializer: Serializer) throws {
        try arrange(serializer: serializer)
        try realm.send("ann", #"[48, 1, \#(Self.options), "com.p", ["\u0000AAEC"]]"#)
        try realm.expect("dee", #"[68, 1, 1, \#(Self.options), ["\u0000AAEC"]]"#)
        try realm.send("dee", #"[70, 1, \#(Self.options), ["\u0000/w=="], {}]"#)
        try realm.expect("ann", #"[50, 1, \#(Self.options), ["\u0000/w=="], {}]"#)
        try realm.send("ann", #"[48, 2, {}, "com.p"]"#)
        try realm.send("dee", #"[8, 68, 2, \#(Self.options), "com.error", ["\u0000AA=="]]"#)
        try realm.expect("ann", #"[8, 48, 2, \#(Self.options), "com.error", ["\u0000AA=="]]"#)
    }

    @Test(arguments: [
        #"{"ppt_scheme": 1}"#, #"{"ppt_scheme": "x", "ppt_cipher": true}"#, #"{"ppt_serializer": "cbor"}"#,
        #"{"ppt_scheme": "", "ppt_keyid": "k"}"#, #"{"ppt_scheme": null, "ppt_keyid": "k"}"#,
    ])
    mutating func `the options are strings, and the scheme comes with the others`(_ options: String) throws {
        try arrange()
        try realm.send("ann", #"[48, 1, \#(options), "com.p", ["\u0000AA=="]]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
        try realm.expect("dee")
    }

    @Test(arguments: ["{}", #"{"ppt_scheme": null, "ppt_keyid": null}"#])
    mutating func `a null says nothing`(_ options: String) throws {
        try arrange(caller: Self.plain, callee: Self.plain)
        try realm.send("ann", #"[48, 1, \#(options), "com.p", [1, 2]]"#)
        try realm.expect("dee", #"[68, 1, 1, {}, [1, 2]]"#)
    }

    @Test(arguments: [
        "", #", []"#, #", ["text"]"#, #", ["\u0000AA==", 1]"#, #", ["\u0000AA=="], {"k": 1}"#, #", [["\u0000AA=="]]"#,
    ])
    mutating func `the payload is one binary argument and nothing else`(_ payload: String) throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"ppt_scheme": "x"}, "com.p"\#(payload)]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
        try realm.expect("dee")
    }

    // MARK: Features

    @Test mutating func `a caller that has not announced the mode breaks the protocol by using it`() throws {
        try arrange(caller: Self.plain)
        try realm.send("ann", #"[48, 1, {"ppt_scheme": "x"}, "com.p", ["\u0000AA=="]]"#)
        try realm.expect("ann", #"[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
    }

    @Test mutating func `a callee that does not know the mode is not called`() throws {
        try arrange(callee: Self.plain)
        try realm.send("ann", #"[48, 1, {"ppt_scheme": "x"}, "com.p", ["\u0000AA=="]]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.feature_not_supported", "*"]"#)
        try realm.expect("dee")
    }

    @Test(arguments: [
        #"[70, 1, {"ppt_scheme": "x"}, ["\u0000AA=="]]"#, #"[8, 68, 1, {"ppt_scheme": "x"}, "com.e", ["\u0000AA=="]]"#,
    ])
    mutating func `a callee that has not announced the mode breaks the protocol by using it`(_ answer: String) throws {
        try arrange(callee: Self.plain)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.send("dee", answer)
        try realm.expect("dee", #"[68, 1, 1, {}]\#n[3, {"message": "*"}, "wamp.error.protocol_violation"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.canceled", "*"]"#)
    }

    @Test mutating func `a result that its caller could not read is refused to the callee, and ends the call`() throws {
        try arrange(caller: Self.plain)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.send("dee", #"[70, 1, {"ppt_scheme": "x"}, ["\u0000AA=="]]"#)
        try realm.expect("dee", #"[68, 1, 1, {}]\#n[8, 70, 1, {}, "wamp.error.feature_not_supported", "*"]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.feature_not_supported", "*"]"#)
        #expect(realm.engine.calls.count == 0)
    }

    @Test mutating func `an error that its caller could not read reaches it without the payload`() throws {
        try arrange(caller: Self.plain)
        try realm.send("ann", #"[48, 1, {}, "com.p"]"#)
        try realm.send("dee", #"[8, 68, 1, {"ppt_scheme": "x"}, "com.error", ["\u0000AA=="]]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "com.error"]"#)
    }

    @Test mutating func `the router's own procedures read plain payloads`() throws {
        try arrange()
        try realm.send("ann", #"[48, 1, {"ppt_scheme": "x"}, "wamp.session.get", ["\u0000AA=="]]"#)
        try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.feature_not_supported", "*"]"#)
    }

    /// The older form: nothing is checked, and everybody gets it.
    @Test mutating func `enc_ options travel on unread`() throws {
        try arrange(caller: Self.plain, callee: Self.plain)
        try realm.send("ann", #"[48, 1, {"enc_algo": "cryptobox", "enc_key": 7}, "com.p", "\u0000AA=="]"#)
        try realm.expect("dee", #"[68, 1, 1, {"enc_algo": "cryptobox", "enc_key": 7}, "\u0000AA=="]"#)
        try realm.send("dee", #"[70, 1, {"enc_algo": "x"}, [1]]"#)
        try realm.expect("ann", #"[50, 1, {"enc_algo": "x"}, [1]]"#)
    }
}
