import Testing
import WAMP

@testable import Appliance

/// What a command prints.
struct RenderingTests {
    private static let device: Value = [
        "device_key": 7, "serial": "A 1", "secret": "it's", "project": nil, "realms": ["a", "b"],
    ]

    @Test func `JSON is one line with its keys in order`() {
        #expect(
            Rendering.text(Self.device, as: .json, columns: ["serial"])
                == #"{"device_key":7,"project":null,"realms":["a","b"],"secret":"it's","serial":"A 1"}"# + "\n")
    }

    @Test func `an environment can be sourced by a shell`() {
        #expect(
            Rendering.text(Self.device, as: .env, columns: []) == """
                DEVICE_KEY=7
                PROJECT=''
                REALMS='a, b'
                SECRET='it'\\''s'
                SERIAL='A 1'

                """)
    }

    @Test func `one thing is lines of key and value, the named columns first`() {
        #expect(
            Rendering.text(["name": "x", "swarm_key": 3], as: .table, columns: ["swarm_key"]) == """
                swarm_key  3
                name       x

                """)
    }

    @Test func `many things are rows under their columns`() {
        let list: Value = [["name": "boiler", "key": 1], ["name": "pump", "key": 20, "serial": "S"]]
        #expect(
            Rendering.text(list, as: .table, columns: []) == """
                KEY  NAME    SERIAL
                1    boiler
                20   pump    S

                """)
        #expect(
            Rendering.text(list, as: .table, columns: ["name", "key", "nothing"]) == """
                NAME    KEY
                boiler  1
                pump    20

                """)
        #expect(Rendering.text([], as: .table, columns: ["key"]) == "")
        #expect(Rendering.text([], as: .json, columns: ["key"]) == "[]\n")
    }

    @Test func `a name cannot paint the terminal`() {
        let text = Rendering.text(["name": "\u{1B}[31mred\nroot"], as: .table, columns: [])
        #expect(text == "name  \u{FFFD}[31mred\u{FFFD}root\n")
    }

    @Test(arguments: [
        ("plain-1.2:3/x@y", "plain-1.2:3/x@y"), ("", "''"), ("$(reboot)", "'$(reboot)'"), ("a'b", #"'a'\''b'"#),
        ("ü", "'ü'"), ("a\nb", "'a\nb'"),
    ])
    func `a shell reads back what was quoted`(text: String, quoted: String) {
        #expect(Rendering.shellQuoted(text) == quoted)
    }
}
