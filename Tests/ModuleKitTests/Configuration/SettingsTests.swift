import Testing

@testable import ModuleKit

/// What right files, the environment and flags give.
struct SettingsTests {
    @Test func `an empty file is all defaults`() throws {
        for text in ["", "# nothing\n", "---\n", "{}", "listener:\nlimits: ~\n"] {
            let document = ConfigurationDocument(text: text, file: "g.yml")
            let schema = try Schema(document.settings)
            try document.check()
            #expect(schema.port == 8443)
            #expect(schema.plain == .loopback)
            #expect(schema.timeout == .seconds(10))
        }
    }

    @Test func `values of every kind`() throws {
        let text = """
            listener:
              port: "80"
              names: [a, "b c", 5]
              plain: 'lan'
            limits: {timeout: 1500ms, message: 64 KiB}
            realms:
              second: {uri: com.second}
              first: {uri: com.first}
            """
        let document = ConfigurationDocument(text: text, file: "g.yml")
        let schema = try Schema(document.settings)
        try document.check()
        #expect(schema.port == 80)
        #expect(schema.names == ["a", "b c", "5"])
        #expect(schema.plain == .lan)
        #expect(schema.timeout == .milliseconds(1500))
        #expect(schema.message == 65536)
        #expect(schema.uris == ["com.second", "com.first"], "in the order of the file")
    }

    @Test func `a flag goes before the environment, that before the file, that before the default`() throws {
        func port(file: String = "", environment: [String: String] = [:], flag: String? = nil) throws -> Int {
            let flags = flag.map { [ConfigurationDocument.Flag(key: "listener.port", name: "--port", value: $0)] } ?? []
            let document = ConfigurationDocument(text: file, file: "g.yml", environment: environment, flags: flags)
            defer { #expect(throws: Never.self) { try document.check() } }
            return try Schema(document.settings).port
        }
        let file = "listener: {port: 1}"
        let environment = ["GANTRY_LISTENER_PORT": "2"]
        #expect(try port() == 8443)
        #expect(try port(file: file) == 1)
        #expect(try port(file: file, environment: environment) == 2)
        #expect(try port(file: file, environment: environment, flag: "3") == 3)
        #expect(try port(file: file, environment: ["GANTRY_LISTENER_PORT": ""]) == 1, "an empty variable sets nothing")
    }

    @Test func `a wrong override is named by its variable or flag`() throws {
        let document = ConfigurationDocument(
            text: "listener: {port: 1}", file: "g.yml", environment: ["GANTRY_LISTENER_PORT": "many"],
            flags: [.init(key: "limits.timeout", name: "--timeout", value: "long")])
        _ = try Schema(document.settings)
        let error = #expect(throws: ConfigurationErrors.self) { try document.check() }
        #expect(
            error?.all.map(\.description) == [
                #"GANTRY_LISTENER_PORT: listener.port: expected 1…65535, found "many""#,
                "--timeout: limits.timeout: expected a duration, 1s…1h, found \"long\""
                    + "; units are ms, s, m, h, d",
            ])
        #expect(error?.all.first?.line == nil)
    }

    @Test func `a mistake in the file is found although it is overridden`() throws {
        let document = ConfigurationDocument(
            text: "listener: {port: eighty}", file: "g.yml", environment: ["GANTRY_LISTENER_PORT": "2"])
        #expect(try Schema(document.settings).port == 2)
        let error = #expect(throws: ConfigurationErrors.self) { try document.check() }
        #expect(
            error?.all.map(\.description) == [#"g.yml:1:18: listener.port: expected 1…65535, found "eighty""#])
    }

    @Test(arguments: [
        (["listener", "port"], "GANTRY_LISTENER_PORT"),
        (["listener", "tls", "certificate"], "GANTRY_LISTENER_TLS_CERTIFICATE"),
        (["limits", "hello_timeout"], "GANTRY_LIMITS_HELLO_TIMEOUT"),
        (["realms", "com.example-1", "uri"], "GANTRY_REALMS_COM_EXAMPLE_1_URI"),
        (["realms", "wärme", "uri"], "GANTRY_REALMS_W_RME_URI"),
    ])
    func `a key has one variable`(path: [String], variable: String) {
        #expect(ConfigurationDocument.variable(for: path) == variable)
    }

    @Test func `an unknown variable is a warning with a suggestion`() throws {
        let environment = [
            "GANTRY_LISTENER_PROT": "1", "GANTRY_LISTENER_PORT": "2", "GANTRY_Q": "3", "PATH": "/bin",
        ]
        let document = ConfigurationDocument(text: "", file: "g.yml", environment: environment)
        _ = try Schema(document.settings)
        try document.check()
        #expect(
            document.unknownVariables.map(\.description) == [
                "GANTRY_LISTENER_PROT: no setting has this name; did you mean \"GANTRY_LISTENER_PORT\"?",
                "GANTRY_Q: no setting has this name",
            ])
    }

    @Test func `an error of meaning stands at the value, and is reported once`() throws {
        let document = ConfigurationDocument(text: "a:\n  from: 5\n  to: 3\n", file: "g.yml")
        let scope = document.settings.scope("a")
        _ = (scope.integer("from", in: 0...9), scope.integer("to", in: 0...9))
        scope.refuse("to", "before from", suggestion: "swap them")
        scope.refuse("to", "before from", suggestion: "swap them")
        scope.refuse(nil, "not today")
        let error = #expect(throws: ConfigurationErrors.self) { try document.check() }
        #expect(
            error?.all.map(\.description) == ["g.yml:1:1: a: not today", "g.yml:3:7: a.to: before from; swap them"])
    }

    @Test func `a required key throws what has been noted`() {
        let document = ConfigurationDocument(text: "port: x\n", file: "g.yml")
        let settings = document.settings
        let wrong = #expect(throws: ConfigurationError.self) { try settings.integer(required: "port", in: 1...9) }
        #expect(wrong?.reason == #"expected 1…9, found "x""#)
        let missing = #expect(throws: ConfigurationError.self) {
            try settings.enumeration(required: "plain", of: Plain.self)
        }
        #expect(missing?.description == "g.yml:1:1: plain: required, and not set: expected one of loopback, lan, never")
        let all = #expect(throws: ConfigurationErrors.self) { try document.check() }
        #expect(all?.all.count == 2)
    }

    @Test func `what is left to somebody else is not unknown`() throws {
        let document = ConfigurationDocument(text: "alarms: {a: {b: [{c: 1}]}}\n", file: "g.yml")
        document.settings.skip("alarms")
        try document.check()
    }

    @Test func `lists of words`() throws {
        let document = ConfigurationDocument(text: "a: [lan, nevr, lan]\n", file: "g.yml")
        #expect(document.settings.enumerations("a", default: [Plain.never]) == [.lan, .lan])
        #expect(document.settings.enumerations("b", default: [Plain.never]) == [.never])
        let error = #expect(throws: ConfigurationErrors.self) { try document.check() }
        #expect(
            error?.all.map(\.description) == [
                "g.yml:1:4: a: expected some of loopback, lan, never, found \"nevr\"; did you mean \"never\"?"
            ])
    }

    @Test func `keys that the file does not even mention are known`() throws {
        let document = ConfigurationDocument(text: "listener: {port: ~, names: []}\nrealms: {}\n", file: "g.yml")
        _ = try Schema(document.settings)
        try document.check()
        #expect(
            document.absentKeys == [
                "limits", "limits.factor", "limits.message", "limits.share", "limits.timeout", "listener.address",
                "listener.open", "listener.plain",
            ])
    }
}
