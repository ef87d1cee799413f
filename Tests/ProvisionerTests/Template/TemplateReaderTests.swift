import ModuleKit
import Testing
import WAMP

@testable import Provisioner

@Suite struct TemplateReaderTests {
    static let whole = """
        consumes:
          - app: weather
            reason: set points follow the forecast
        files:
          quotaBytes: 1000000
          namespaces:
            - name: images
              anything: goes here in this version
        data:
          description: a press
          tables:
            - tablename: sensordata
              description: what the press measures
              private: true
              chunkTimeInterval: 1 day
              dropAfter: 30 days
              columnstore: true
              columnstoreAfter: 14 days
              maintainLatestFlagFor: [machine, device_key]
              downsample:
                bucket: 1 minute
                keepFor: 1 year 6 months
                paths: [temperature]
              columns:
                - id: tsp
                  name: Time
                  description: when it was measured
                  dataType: timestamp
                  path: args[0].tsp
                - {id: machine, name: Machine, description: "", dataType: string, path: "kwargs.MACHINE"}
                - {id: temperature, name: Temperature, description: in °C, dataType: numeric}
                - {id: pin, name: PIN, description: "", dataType: string, secret: true}
          transforms:
            - tablename: hourly
              materialize: true
              schedule: "*/5 0-6,22 * * 1-5"
              sql: SELECT 1
              columns:
                - {id: tsp, name: Time, description: "", dataType: timestamp}
        """

    @Test func `a template that uses everything is read`() throws {
        let template = try TemplateReader.read(Self.whole)
        let table = try #require(template.tables.first)
        #expect(template.tables.count == 1)
        #expect(table.tablename == "sensordata" && table.isPrivate && table.dropAfter == "30 days")
        #expect(table.columns.map(\.id) == ["tsp", "machine", "temperature", "pin"])
        #expect(table.columns.map(\.dataType) == [.timestamp, .string, .numeric, .string])
        #expect(table.columns.map(\.isSecret) == [false, false, false, true])
        #expect(table.columns[1].path == "kwargs.MACHINE")
        #expect(table.maintainLatestFlagFor == ["machine", "device_key"])
        #expect(table.downsample == .init(bucket: "1 minute", keepFor: "1 year 6 months", paths: ["temperature"]))
        #expect(template.transforms.first?.tablename == "hourly")
        #expect(template.consumes == [.init(app: "weather", reason: "set points follow the forecast")])
    }

    @Test func `the value has the template's own shape, and leaves out what it leaves out`() throws {
        let small = """
            data:
              tables:
                - tablename: t
                  columns:
                    - {id: tsp, name: T, description: d, dataType: timestamp}
            """
        #expect(
            try TemplateReader.read(small).value == [
                "data": [
                    "tables": [
                        [
                            "tablename": "t", "private": false,
                            "columns": [["id": "tsp", "name": "T", "description": "d", "dataType": "timestamp"]],
                        ]
                    ]
                ]
            ])
        let whole = try TemplateReader.read(Self.whole).value
        let table = try #require(whole["data"]?["tables"]?.list?.first)
        #expect(table["dropAfter"] == "30 days")
        #expect(table["maintainLatestFlagFor"] == ["machine", "device_key"])
        #expect(table["columns"]?.list?.last?["secret"] == true)
        #expect(whole["consumes"] == [["app": "weather", "reason": "set points follow the forecast"]])
    }

    @Test(arguments: ["", "data:\n", "{}", "data:\n  tables: []\n", "consumes:\n  - app: \"*\"\n"])
    func `an app without tables is an app`(text: String) throws {
        #expect(try TemplateReader.read(text).tables.isEmpty)
    }

    /// A template that is wrong in one place.
    struct Broken: Sendable, CustomTestStringConvertible {
        var what: String
        var text: String
        var line: Int
        var key: String
        /// A part of the sentence: the rule.
        var rule: String
        var testDescription: String { what }

        init(_ what: String, _ line: Int, _ key: String, _ rule: String, _ text: String) {
            (self.what, self.text, self.line, self.key, self.rule) = (what, text, line, key, rule)
        }

        /// A table `t` whose lines from the fourth on are these.
        static func table(_ what: String, _ line: Int, _ key: String, _ rule: String, _ lines: String...) -> Broken {
            let text = (["data:", "  tables:", "    - tablename: t"] + lines.map { "      " + $0 } + [column])
            return Broken(what, line, key.isEmpty ? key : "data.tables[0].\(key)", rule, text.joined(separator: "\n"))
        }

        /// A table whose second column, on line 6, is this.
        static func column(_ what: String, _ key: String, _ rule: String, _ entry: String, line: Int = 6) -> Broken {
            let head = "data:\n  tables:\n    - tablename: t\n      columns:\n"
            let tsp = "        - {id: tsp, name: T, description: d, dataType: timestamp}\n"
            return Broken(
                what, line, "data.tables[0].columns[1]" + (key.isEmpty ? "" : ".\(key)"), rule,
                head + tsp + "        - " + entry)
        }

        private static let column = "      columns: [{id: tsp, name: T, description: d, dataType: timestamp}]"
    }

    static let broken: [Broken] = [
        Broken("a text instead of a mapping", 1, "", "expected a mapping", "nonsense"),
        Broken("no YAML", 3, "", "", "data:\n  tables: [\n"),
        Broken("an unknown key", 2, "datta", "unknown key", "consumes: []\ndatta:\n  tables: []"),
        Broken("a key twice", 3, "", "", "data:\n  tables: []\n  tables: []"),
        Broken("tables that are no list", 2, "data.tables", "expected a list", "data:\n  tables: {}"),
        Broken("a table that is no mapping", 3, "data.tables[0]", "expected a mapping", "data:\n  tables:\n    - t"),
        Broken(
            "a table without a name", 3, "data.tables[0].tablename", "required",
            "data:\n  tables:\n    - columns: [{id: tsp, name: T, description: d, dataType: timestamp}]"),
        .init(
            "a name with a capital", 3, "data.tables[0].tablename", "^[a-z][a-z0-9_]*$",
            "data:\n  tables:\n    - tablename: Readings\n      columns: [{id: tsp, name: T, description: d, dataType: timestamp}]"
        ),
        .init(
            "a name with a dot", 3, "data.tables[0].tablename", "^[a-z][a-z0-9_]*$",
            "data:\n  tables:\n    - tablename: a.b\n      columns: [{id: tsp, name: T, description: d, dataType: timestamp}]"
        ),
        .init(
            "a name twice", 5, "data.tables[1].tablename", "there twice",
            "data:\n  tables:\n    - tablename: t\n      columns: [{id: tsp, name: T, description: d, dataType: timestamp}]\n    - tablename: t\n      columns: [{id: tsp, name: T, description: d, dataType: timestamp}]"
        ),
        .init(
            "a table without columns", 3, "data.tables[0].columns", "required", "data:\n  tables:\n    - tablename: t"),
        .init(
            "no column at all", 4, "data.tables[0].columns", "at least one",
            "data:\n  tables:\n    - tablename: t\n      columns: []"),
        .init(
            "no tsp", 4, "data.tables[0].columns", "\"tsp\"",
            "data:\n  tables:\n    - tablename: t\n      columns: [{id: a, name: A, description: d, dataType: string}]"),
        .init(
            "a tsp that is no timestamp", 4, "data.tables[0].columns", "dataType timestamp",
            "data:\n  tables:\n    - tablename: t\n      columns: [{id: tsp, name: T, description: d, dataType: bigint}]"
        ),
        .table("an unknown key of a table", 4, "maketimeseries", "unknown key", "maketimeseries: true"),
        .table("a key in another case", 4, "dropafter", "did you mean \"dropAfter\"?", "dropafter: 30 days"),
        .table("private that is no switch", 4, "private", "true or false", "private: 1"),
        .table("a retention without a unit", 4, "dropAfter", "a length of time", "dropAfter: 30"),
        .table("a retention of an unknown unit", 4, "dropAfter", "a length of time", "dropAfter: 30 fortnights"),
        .table("a retention of nothing", 4, "dropAfter", "a length of time", "dropAfter: 0 days"),
        .table("a negative chunk", 4, "chunkTimeInterval", "a length of time", "chunkTimeInterval: -1 day"),
        .table("an endless retention", 4, "dropAfter", "a length of time", "dropAfter: 9223372036854775807 years"),
        .table("a downsample without a bucket", 4, "downsample.bucket", "required", "downsample: {paths: []}"),
        .table(
            "a bucket that does not divide a day", 4, "downsample.bucket", "divides a day",
            "downsample: {bucket: 7 minutes}"),
        .table(
            "an unknown key of a downsample", 4, "downsample.size", "unknown key",
            "downsample: {bucket: 1 hour, size: 3}"),
        .table(
            "an entity of no column", 4, "maintainLatestFlagFor", "none of this table's",
            "maintainLatestFlagFor: [machine]"),
        .table("an entity by time", 4, "maintainLatestFlagFor", "differs in every row", "maintainLatestFlagFor: [tsp]"),
        .table(
            "an entity that is no list", 4, "maintainLatestFlagFor", "expected a list", "maintainLatestFlagFor: machine"
        ),
        .column("a column without an id", "id", "required", "{name: A, description: d, dataType: string}"),
        .column("a column without a name", "name", "required", "{id: a, description: d, dataType: string}"),
        .column("a column without a description", "description", "required", "{id: a, name: A, dataType: string}"),
        .column("a column without a type", "dataType", "required", "{id: a, name: A, description: d}"),
        .column(
            "a column of an unknown type", "dataType", "numeric, bigint, timestamp, string, boolean, json",
            "{id: a, name: A, description: d, dataType: float}"),
        .column(
            "an id with a hyphen", "id", "letters, digits and _", "{id: a-b, name: A, description: d, dataType: json}"),
        .column(
            "an id that begins with a digit", "id", "no digit first",
            "{id: 1a, name: A, description: d, dataType: json}"),
        .column("an id with a quote", "id", "letters, digits", "{id: 'a\"b', name: A, description: d, dataType: json}"),
        .column("a reserved id", "id", "reserved", "{id: device_key, name: A, description: d, dataType: bigint}"),
        .column(
            "a reserved id in capitals", "id", "reserved", "{id: AUTHID, name: A, description: d, dataType: string}"),
        .column("an id twice", "id", "there twice", "{id: TSP, name: A, description: d, dataType: string}"),
        .column("an empty name", "name", "an empty one", "{id: a, name: '', description: d, dataType: string}"),
        .column(
            "a path into nowhere", "path", "args[0].a", "{id: a, name: A, description: d, dataType: json, path: row.a}"),
        .column(
            "a path without an index", "path", "args[0].a",
            "{id: a, name: A, description: d, dataType: json, path: args.a}"),
        .column(
            "a secret number", "secret", "only texts",
            "{id: a, name: A, description: d, dataType: numeric, secret: true}"),
        .column(
            "an unknown key of a column", "unit", "unknown key",
            "{id: a, name: A, description: d, dataType: json, unit: C}"),
        .init(
            "a transform without a schedule", 3, "data.transforms[0].schedule", "cron",
            "data:\n  transforms:\n    - {tablename: x, materialize: true, sql: S, columns: [{id: a, name: A, description: d, dataType: json}]}"
        ),
        .init(
            "a transform with a wrong schedule", 3, "data.transforms[0].schedule", "cron",
            "data:\n  transforms:\n    - {tablename: x, materialize: true, schedule: daily, sql: S, columns: [{id: a, name: A, description: d, dataType: json}]}"
        ),
        .init(
            "a transform without SQL", 3, "data.transforms[0].sql", "required",
            "data:\n  transforms:\n    - {tablename: x, materialize: true, schedule: 0 0 * * *, columns: [{id: a, name: A, description: d, dataType: json}]}"
        ),
        .init(
            "a transform that does not say whether it is kept", 3, "data.transforms[0].materialize", "required",
            "data:\n  transforms:\n    - {tablename: x, schedule: 0 0 * * *, sql: S, columns: [{id: a, name: A, description: d, dataType: json}]}"
        ),
        .init("a consumed app without a name", 2, "consumes[0].app", "required", "consumes:\n  - reason: why not"),
    ]

    @Test(arguments: broken)
    func `a wrong template names the line, the key and the rule`(broken: Broken) throws {
        let errors = #expect(throws: ConfigurationErrors.self) { try TemplateReader.read(broken.text) }
        let all = try #require(errors).all
        let match = all.first { $0.line == broken.line && (broken.key.isEmpty || $0.key == broken.key) }
        let error = try #require(match, "\(all)")
        #expect(error.file == "data-template.yml")
        #expect("\(error)".contains(broken.rule), "\(error)")
    }

    @Test func `one attempt names every mistake`() throws {
        let text = """
            data:
              tables:
                - tablename: Bad
                  dropAfter: soon
                  columns:
                    - {id: 1, name: A, description: d, dataType: text, unit: C}
            """
        let errors = #expect(throws: ConfigurationErrors.self) { try TemplateReader.read(text) }
        #expect(try #require(errors).all.map(\.line) == [3, 4, 6, 6, 6, 6])
    }

    /// Whatever somebody's editor, disk or malice makes of a template: it is read, or refused with a place.
    @Test(arguments: 0..<8)
    func `a mutilated template is read or refused, and nothing traps`(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let original = Array(Self.whole.utf8)
        let alien = Array("\0\t\n -:[]{}&*#|>'\"%@`!?,0é".utf8)
        for _ in 0..<150 {
            var bytes = original
            for _ in 0...random(4) {
                let place = random(bytes.count)
                switch random(4) {
                case 0: bytes[place] = alien[random(alien.count)]
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(alien[random(alien.count)], at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + random(40)))
                }
                if bytes.isEmpty { bytes = original }
            }
            do {
                _ = try TemplateReader.read(String(decoding: bytes, as: UTF8.self))
            } catch {
                #expect(error.all.allSatisfy { ($0.line ?? 0) >= 1 && ($0.column ?? 0) >= 1 && !$0.reason.isEmpty })
            }
        }
    }

    @Test func `a template that is too long, too deep or folded into itself is refused`() throws {
        #expect(throws: ConfigurationErrors.self) { try TemplateReader.read(String(repeating: "#", count: 2_000_000)) }
        #expect(throws: ConfigurationErrors.self) {
            try TemplateReader.read(
                "a: &a [x, x, x, x, x, x, x, x, x]\n"
                    + (0..<8).map { level in
                        let name = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
                        return
                            "\(name[level + 1]): &\(name[level + 1]) [\(Array(repeating: "*\(name[level])", count: 9).joined(separator: ","))]"
                    }.joined(separator: "\n"))
        }
    }
}

@Suite struct TemplateValuesTests {
    @Test(
        arguments: [
            ("30 days", 30 * 86_400_000), ("1 day 12 hours", 129_600_000), ("1 minute", 60_000),
            ("2 Weeks", 1_209_600_000),
            ("1 month", 2_592_000_000), ("1 year", 31_536_000_000), (" 5  seconds ", 5000), ("30", nil), ("days", nil),
            ("", nil), ("0 days", nil), ("-1 day", nil), ("1.5 days", nil), ("1 day 2", nil),
            ("9223372036854775807 years", nil),
        ] as [(String, Int64?)])
    func `a length of time`(text: String, milliseconds: Int64?) {
        #expect(TemplateInterval.milliseconds(text) == milliseconds)
    }

    @Test(arguments: [
        "args[0].tsp", "args[12].a.b.c", "kwargs.DEVICE_NAME", "details.publisher_authid", "args[0]['odd key']",
        "args[0][\"k\"].x", "args[0]", "kwargs['a'].b[3]", "args[0].temp-1", "args[0].größe",
    ])
    func `a path into a message`(path: String) {
        #expect(ArgumentPath.isValid(path))
    }

    @Test(arguments: [
        "", "tsp", "args", "args.", "args.a", "args[x]", "args[-1]", "args[0]..a", "args[0].", "kwargs", "row.a",
        "args[0]['a", "args[0][]", "args[0]['']", "args[0] .a", "argsx[0]", "args['a'].b", "args[12345678]",
        "args[0]" + String(repeating: ".a", count: 20),
    ])
    func `no path into a message`(path: String) {
        #expect(!ArgumentPath.isValid(path))
    }

    @Test(arguments: [
        ("* * * * *", true), ("*/5 * * * *", true), ("0 0 1 1 0", true), ("0-5,7 1,2 1-31/2 12 7", true),
        ("60 * * * *", false), ("* 24 * * *", false), ("* * 0 * *", false), ("* * * 13 *", false), ("* * * * 8", false),
        ("* * * *", false), ("* * * * * *", false), ("5-1 * * * *", false), ("*/0 * * * *", false),
        ("a * * * *", false),
        (", * * * *", false), ("1-2-3 * * * *", false), ("", false), ("@daily", false),
    ])
    func `a cron schedule`(text: String, isValid: Bool) {
        #expect(CronSchedule.isValid(text) == isValid)
    }
}
