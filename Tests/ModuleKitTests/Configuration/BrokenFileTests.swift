// Broken files, and the exact line that an operator sees for each. The reader under test is the schema at the end,
// which has every kind of key once.

import Testing

@testable import ModuleKit

/// A file and all that is wrong with it.
struct BrokenFile: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var errors: [String]

    init(_ name: String, _ text: String, _ errors: String...) {
        self.name = name
        self.text = text
        self.errors = errors
    }

    var testDescription: String { name }
}

struct BrokenFileTests {
    @Test(arguments: BrokenFile.values + BrokenFile.keys + BrokenFile.structure + BrokenFile.syntax)
    func `every mistake is named by file, line, column, key and reason`(broken: BrokenFile) {
        let document = ConfigurationDocument(text: broken.text, file: "g.yml")
        _ = try? Schema(document.settings)
        let error = #expect(throws: ConfigurationErrors.self) { try document.check() }
        #expect(error?.all.map(\.description) == broken.errors)
    }

    @Test func `the table has at least thirty files`() {
        let all = BrokenFile.values + BrokenFile.keys + BrokenFile.structure + BrokenFile.syntax
        #expect(all.count >= 30)
        #expect(Set(all.map(\.name)).count == all.count)
    }

    @Test func `errors print as one line each`() {
        let document = ConfigurationDocument(text: "listener:\n  port: eighty\n  prot: 1\n", file: "etc/gantry.yml")
        _ = try? Schema(document.settings)
        let error = #expect(throws: ConfigurationErrors.self) { try document.check() }
        #expect(
            error?.description == """
                error: etc/gantry.yml:2:9: listener.port: expected 1…65535, found "eighty"
                error: etc/gantry.yml:3:3: listener.prot: unknown key; did you mean "port"?
                """)
    }
}

extension BrokenFile {
    static let values: [BrokenFile] = [
        .init(
            "a word for a number", "listener:\n  port: eighty\n",
            #"g.yml:2:9: listener.port: expected 1…65535, found "eighty""#),
        .init(
            "a number above its range", "listener:\n  port: 65536\n",
            #"g.yml:2:9: listener.port: expected 1…65535, found "65536""#),
        .init(
            "a number below its range", "listener:\n  port: 0\n",
            #"g.yml:2:9: listener.port: expected 1…65535, found "0""#),
        .init(
            "a number that no integer holds", "listener:\n  port: 99999999999999999999\n",
            #"g.yml:2:9: listener.port: expected 1…65535, found "99999999999999999999""#),
        .init(
            "a list for a number", "listener:\n  port: [1, 2]\n",
            "g.yml:2:9: listener.port: expected 1…65535, found a list"),
        .init(
            "a mapping for a number", "listener: {port: {a: 1}}\n",
            "g.yml:1:18: listener.port: expected 1…65535, found a mapping"),
        .init(
            "a list for a text", "listener:\n  address:\n    - a\n",
            "g.yml:3:5: listener.address: expected a text, found a list"),
        .init(
            "yes for true", "listener:\n  open: yes\n",
            #"g.yml:2:9: listener.open: expected true or false, found "yes"; write true"#),
        .init(
            "off for false", "listener:\n  open: off\n",
            #"g.yml:2:9: listener.open: expected true or false, found "off"; write false"#),
        .init(
            "a duration without its unit", "limits:\n  timeout: 10\n",
            #"g.yml:2:12: limits.timeout: expected a duration, 1s…1h, found "10"; write the unit: 10s"#),
        .init(
            "a duration with a wrong unit", "limits:\n  timeout: 10 parsec\n",
            #"g.yml:2:12: limits.timeout: expected a duration, 1s…1h, found "10 parsec"; units are ms, s, m, h, d"#),
        .init(
            "a duration above its range", "limits:\n  timeout: 1d\n",
            #"g.yml:2:12: limits.timeout: expected a duration, 1s…1h, found "1d"; units are ms, s, m, h, d"#),
        .init(
            "a duration that overflows", "limits:\n  timeout: 9223372036854775807d\n",
            "g.yml:2:12: limits.timeout: expected a duration, 1s…1h, found \"9223372036854775807d\""
                + "; units are ms, s, m, h, d"),
        .init(
            "a size without its unit", "limits:\n  message: 1024\n",
            #"g.yml:2:12: limits.message: expected a size, 1KiB…16MiB, found "1024"; write the unit: 1024B"#),
        .init(
            "a size with a wrong unit", "limits:\n  message: 16Mib\n",
            "g.yml:2:12: limits.message: expected a size, 1KiB…16MiB, found \"16Mib\""
                + "; units are B, KiB, MiB, GiB"),
        .init(
            "a size above its range", "limits:\n  message: 17MiB\n",
            "g.yml:2:12: limits.message: expected a size, 1KiB…16MiB, found \"17MiB\""
                + "; units are B, KiB, MiB, GiB"),
        .init(
            "a share without its sign", "limits:\n  share: 5\n",
            #"g.yml:2:10: limits.share: expected a share, 0.0%…100.0%, found "5"; write the unit: 5%"#),
        .init(
            "not a number", "limits:\n  factor: nan\n",
            #"g.yml:2:11: limits.factor: expected 0.0…1.0, found "nan""#),
        .init(
            "a word that is nearly one", "listener:\n  plain: lann\n",
            #"g.yml:2:10: listener.plain: expected one of loopback, lan, never, found "lann"; did you mean "lan"?"#),
        .init(
            "a word that is none", "listener:\n  plain: everywhere\n",
            #"g.yml:2:10: listener.plain: expected one of loopback, lan, never, found "everywhere""#),
        .init(
            "a long value is cut, control characters do not reach the terminal",
            "listener:\n  port: \"\\e[31m\(String(repeating: "x", count: 50))\"\n",
            "g.yml:2:9: listener.port: expected 1…65535, found \"\u{FFFD}[31m\(String(repeating: "x", count: 35))…\""),
        .init(
            "several mistakes, in the order of the file",
            "limits:\n  timeout: x\nlistener:\n  port: y\n  colour: red\n",
            #"g.yml:2:12: limits.timeout: expected a duration, 1s…1h, found "x"; units are ms, s, m, h, d"#,
            #"g.yml:4:9: listener.port: expected 1…65535, found "y""#,
            "g.yml:5:3: listener.colour: unknown key; known here: address, names, open, plain, port"),
    ]

    static let keys: [BrokenFile] = [
        .init(
            "an unknown section", "listner:\n  port: 1\n", #"g.yml:1:1: listner: unknown key; did you mean "listener"?"#
        ),
        .init(
            "an unknown key", "listener:\n  prot: 1\n", #"g.yml:2:3: listener.prot: unknown key; did you mean "port"?"#),
        .init(
            "an unknown key in another case", "listener:\n  Port: 1\n",
            #"g.yml:2:3: listener.Port: unknown key; did you mean "port"?"#),
        .init(
            "an unknown key in a named thing", "realms:\n  plant:\n    uri: a\n    rolls: {}\n",
            #"g.yml:4:5: realms.plant.rolls: unknown key; did you mean "roles"?"#),
        .init(
            "an unknown key in a list", "realms:\n  plant:\n    uri: a\n    rules:\n      - matsch: prefix\n",
            #"g.yml:5:9: realms.plant.rules[0].matsch: unknown key; did you mean "match"?"#),
        .init(
            "a key of nothing like it", "zzzzzzzz: 1\n",
            "g.yml:1:1: zzzzzzzz: unknown key; known here: limits, listener, realms"),
        .init("a merge key", "<<: {port: 1}\n", "g.yml:1:1: \"<<\": unknown key; known here: limits, listener, realms"),
        .init(
            "a name with dots stands in quotes", "realms:\n  com.example:\n    uri: a\n    x: 1\n",
            #"g.yml:4:5: realms."com.example".x: unknown key; known here: roles, rules, uri"#),
        .init(
            "a missing key", "realms:\n  plant:\n    roles: {}\n",
            "g.yml:2:3: realms.plant.uri: required, and not set: expected a text"),
        .init(
            "nothing behind a required key", "realms:\n  plant:\n    uri:\n",
            "g.yml:3:9: realms.plant.uri: required, and not set: expected a text"),
        .init(
            "a key twice", "listener:\n  port: 1\n  address: a\n  port: 2\n",
            "g.yml:4:3: port: the key is there twice, first in line 2; remove one of the two"),
        .init(
            "a key twice, once in quotes", "limits: {}\n\"limits\": {}\n",
            "g.yml:2:1: limits: the key is there twice, first in line 1; remove one of the two"),
        .init(
            "a key twice in a flow mapping", "listener: {port: 1, port: 2}\n",
            "g.yml:1:12: port: the key is there twice, first in line 1; remove one of the two"),
    ]

    static let structure: [BrokenFile] = [
        .init("a list for the whole file", "- a\n", "g.yml:1:1: expected a mapping, found a list"),
        .init("a word for the whole file", "hello\n", #"g.yml:1:1: expected a mapping, found "hello""#),
        .init(
            "a word for a section", "listener: here\n", #"g.yml:1:11: listener: expected a mapping, found "here""#),
        .init(
            "a list for named things", "realms:\n  - plant\n", "g.yml:2:3: realms: expected a mapping, found a list"),
        .init(
            "a word for a named thing", "realms:\n  plant: x\n",
            #"g.yml:2:10: realms.plant: expected a mapping, found "x""#),
        .init(
            "a word for a list", "realms:\n  plant:\n    uri: a\n    rules: all\n",
            #"g.yml:4:12: realms.plant.rules: expected a list, found "all""#),
        .init(
            "a word in a list of mappings", "realms:\n  plant:\n    uri: a\n    rules: [all]\n",
            #"g.yml:4:13: realms.plant.rules[0]: expected a mapping, found "all""#),
        .init(
            "a mapping in a list of texts", "listener:\n  names: [a, {b: c}]\n",
            "g.yml:2:14: listener.names[1]: expected a text, found a mapping"),
        .init("a list for a key", "[a, b]: 1\n", "g.yml:1:1: a key must be a word, not a list or a mapping"),
    ]

    static let syntax: [BrokenFile] = [
        .init(
            "a tab", "listener:\n\tport: 1\n",
            "g.yml:2:1: not YAML: found character that cannot start any token"
                + "; indent with spaces, or put it in quotes"),
        .init(
            "a second colon", "listener: a: b\n",
            "g.yml:1:12: not YAML: mapping values are not allowed in this context"
                + "; put a text with \": \" in quotes"),
        .init("an open bracket", "listener: [a\n", "g.yml:2:1: not YAML: did not find expected ',' or ']'"),
        .init("an open quote", "listener: \"a\n", "g.yml:2:1: not YAML: found unexpected end of stream"),
        .init("an alias of nothing", "listener: *a\n", "g.yml:1:11: not YAML: found undefined alias"),
        .init("two documents", "limits: {}\n---\nlimits: {}\n", "g.yml:2:1: not YAML: but found another document"),
        .init(
            "a control character", "limits:\n  a: \u{1}\n", "g.yml:2:6: not YAML: control characters are not allowed"),
        .init(
            "aliases that repeat aliases",
            "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
                + zip("bcdefgh", "abcdefg").map { new, old in
                    "\(new): &\(new) [\(Array(repeating: "*\(old)", count: 10).joined(separator: ","))]\n"
                }.joined(),
            "g.yml:1:26: more than 100000 values: do its aliases repeat each other?"),
    ]
}

enum Plain: String, CaseIterable { case loopback, lan, never }

/// Every kind of key once.
struct Schema {
    var port: Int
    var names: [String]
    var plain: Plain
    var timeout: Duration
    var message: Int
    var uris: [String]

    init(_ settings: Settings) throws(ConfigurationError) {
        let listener = settings.scope("listener")
        port = listener.integer("port", default: 8443, in: 1...65535)
        _ = listener.string("address", default: "0.0.0.0")
        _ = listener.bool("open", default: false)
        names = listener.strings("names")
        plain = listener.enumeration("plain", default: .loopback)
        let limits = settings.scope("limits")
        timeout = limits.duration("timeout", default: .seconds(10), in: .seconds(1)...(.seconds(3600)))
        message = limits.byteSize("message", default: 1 << 24, in: (1 << 10)...(1 << 24))
        _ = limits.percent("share", default: 5, in: 0...100)
        _ = limits.double("factor", default: 0.5, in: 0...1)
        uris = []
        for realm in settings.map("realms") {
            _ = realm.scope("roles")
            for rule in realm.list("rules") { _ = rule.string("match") }
            uris.append(try realm.string(required: "uri"))
        }
    }
}
