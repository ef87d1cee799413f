import Testing
import WAMP

@testable import Alarms

/// Rules as text and as dictionaries, the right ones and each kind of wrong one.
struct AlarmRuleReaderTests {
    private let reader = AlarmRuleReader(
        catalog: TableCatalog(columns: ["sensordata": ["tsp", "temperature", "status", "motor"]]))

    private static let whole = """
        name: Boiler too hot
        table: sensordata
        message: "Boiler has {temperature} °C"
        auto_resolve: false
        on_delay: 5s
        off_delay: 2m
        enabled: true
        severities:
          critical:
            - { column: temperature, operator: ">", value: 95, deadband: 2 }
          major:
            - combinator: OR
              filters:
                - { column: temperature, operator: ">", value: 85 }
                - { column: status, operator: IN, value: [hot, "failing", 7] }
            - { column: "motor.speed", operator: "IS NOT NULL" }
          minor: { column: status, operator: LIKE, value: "warm%" }
        """

    @Test func `a whole rule is read as it is written`() throws {
        let rule = try #require(try reader.rules(yaml: Self.whole).first)
        #expect(rule.name == "Boiler too hot")
        #expect(rule.resolvesByItself == false)
        #expect(rule.delay == ConditionDelay(on: .seconds(5), off: .seconds(120)))
        #expect(rule.message?.text == "Boiler has {temperature} °C")
        #expect(
            rule.conditions == [
                .critical: .predicate(Predicate(path("temperature"), .greater, 95, deadband: 2)),
                .major: .all([
                    .any([
                        .predicate(Predicate(path("temperature"), .greater, 85)),
                        .predicate(Predicate(path("status"), .in, ["hot", "failing", 7])),
                    ]),
                    .predicate(Predicate(path("motor.speed"), .isNotNull)),
                ]),
                .minor: .predicate(Predicate(path("status"), .like, "warm%")),
            ])
    }

    @Test func `a rule that was read is written so that it is read again`() throws {
        let rule = try #require(try reader.rules(yaml: Self.whole).first)
        #expect(try reader.rule(rule.value) == rule)
        let json = try #require(Value(json: rule.value.json))
        #expect(try reader.rule(json) == rule)
    }

    @Test func `a short rule has the defaults of the documentation`() throws {
        let rule = try reader.rule([
            "name": "short", "table": "sensordata",
            "severities": ["minor": [["column": "temperature", "operator": "<", "value": 0]]],
        ])
        #expect(rule.resolvesByItself)
        #expect(rule.isEnabled)
        #expect(rule.delay == ConditionDelay())
        #expect(rule.message == nil)
    }

    @Test func `a file can hold several rules`() throws {
        let text = ["a", "b"].map { name in
            """
            - name: \(name)
              table: sensordata
              severities: { minor: { column: status, operator: "=", value: bad } }
            """
        }
        #expect(try reader.rules(yaml: text.joined(separator: "\n")).map(\.name) == ["a", "b"])
    }

    // MARK: Mistakes

    struct Mistake: Sendable, CustomTestStringConvertible {
        var replace: String
        var by: String
        var line: Int
        var key: String
        var reason: String
        init(_ replace: String, _ by: String, _ line: Int, _ key: String, _ reason: String) {
            (self.replace, self.by, self.line, self.key, self.reason) = (replace, by, line, key, reason)
        }
        var testDescription: String { "\(by) in line \(line)" }
    }

    @Test(arguments: [
        Mistake("name: Boiler too hot\n", "", 1, "name", "required"),
        Mistake("name: Boiler too hot", "name: 42", 1, "name", "expected a text"),
        Mistake("name: Boiler too hot", "name: [a]", 1, "name", "expected a text, found a list"),
        Mistake("name: Boiler too hot", "name: \"\"", 1, "name", "1 to 100 characters"),
        Mistake("name: Boiler too hot", "name: \"a\\nb\"", 1, "name", "control character"),
        Mistake("table: sensordata", "table: motors", 2, "table", "no table \"motors\"; it has sensordata"),
        Mistake("{temperature} °C", "{temprature} °C", 3, "message", "no column \"temprature\""),
        Mistake("{temperature} °C", "{temperature °C", 3, "message", "between { and }"),
        Mistake("auto_resolve: false", "auto_resolve: \"no\"", 4, "auto_resolve", "true or false"),
        Mistake("auto_resolve: false", "autoResolve: false", 4, "autoResolve", "unknown key"),
        Mistake("on_delay: 5s", "on_delay: 5", 5, "on_delay", "unit"),
        Mistake("off_delay: 2m", "off_delay: 48h", 6, "off_delay", "0s to 1d"),
        Mistake("  critical:", "  fatal:", 9, "severities.fatal", "unknown key"),
        Mistake(
            "column: temperature, operator: \">\", value: 95", "column: temprature, operator: \">\", value: 95", 10,
            "severities.critical[0].column", "no column \"temprature\""),
        Mistake(
            "operator: \">\", value: 95", "operator: \"=>\", value: 95", 10, "severities.critical[0].operator",
            "expected one of ="),
        Mistake(
            "operator: \">\", value: 95", "operator: \"IS CURRENT USER\", value: 95", 10,
            "severities.critical[0].operator", "expected one of ="),
        Mistake("value: 95, deadband: 2", "value: 95, deadband: -1", 10, "severities.critical[0].deadband", "at least"),
        Mistake(
            "value: 95, deadband: 2", "value: hot, deadband: 2", 10, "severities.critical[0].deadband",
            "with a number"),
        Mistake("value: 95, deadband: 2", "value: ~", 10, "severities.critical[0].value", "required"),
        Mistake("value: 95, deadband: 2", "value: [95]", 10, "severities.critical[0].value", "found a list"),
        Mistake("combinator: OR", "combinator: XOR", 12, "severities.major[0].combinator", "one of AND, OR"),
        Mistake(
            "value: [hot, \"failing\", 7]", "value: hot", 15, "severities.major[0].filters[1].value",
            "expected a list"),
        Mistake(
            "value: [hot, \"failing\", 7]", "value: [hot, ~]", 15, "severities.major[0].filters[1].value",
            "use IS NULL"),
        Mistake(
            "operator: \"IS NOT NULL\"", "operator: \"IS NOT NULL\", value: 3", 16, "severities.major[1].value",
            "takes none"),
        Mistake("\"motor.speed\"", "\"motor..speed\"", 16, "severities.major[1].column", "a column, or a path"),
        Mistake("value: \"warm%\"", "value: 7", 17, "severities.minor.value", "expected a text"),
    ])
    func `a mistake is named by its line, its key and a reason`(_ mistake: Mistake) throws {
        try #require(Self.whole.contains(mistake.replace))
        let text = Self.whole.replacing(mistake.replace, with: mistake.by)
        let error = #expect(throws: AlarmRuleError.self) { try reader.rules(yaml: text) }
        #expect(error?.line == mistake.line)
        #expect(error?.key == mistake.key)
        #expect(error?.reason.contains(mistake.reason) == true, "\(error?.reason ?? "")")
    }

    @Test(arguments: [
        ("", 1, "expected a mapping"), ("just a text", 1, "expected a mapping"),
        ("name: a\n  table: b", 2, "not YAML"), ("name: a\nname: b", 1, "there twice"),
        ("name: \"a", 1, "not YAML"), ("name: a\n? [b]\n: c", 2, "must be a word"), ("- name: *nobody", 1, "alias"),
        ("a: >\nb: 1", 1, "unknown key"),
    ])
    func `what is no rule file says where it stops being one`(_ text: String, _ line: Int, _ reason: String) {
        let error = #expect(throws: AlarmRuleError.self) { try reader.rules(yaml: text) }
        #expect(error?.line == line)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func `an empty list of conditions, and no condition at all, are refused`() {
        for severities in [[:], ["minor": []], ["minor": nil]] as [Value] {
            let error = #expect(throws: AlarmRuleError.self) {
                try reader.rule(["name": "a", "table": "sensordata", "severities": severities])
            }
            #expect(error?.key.hasPrefix("severities") == true)
            #expect(error?.line == nil)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `hostile texts are refused before they cost anything`() {
        let bomb = (0..<30).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }.joined(separator: "\n")
        let deep = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        let long = "name: " + String(repeating: "a", count: 100_000)
        for text in [bomb, deep, long, String(repeating: "[", count: 5000)] {
            #expect(throws: AlarmRuleError.self) { try reader.rules(yaml: text) }
        }
    }

    @Test func `groups are bounded in depth and number`() {
        var deep: Value = ["column": "temperature", "operator": ">", "value": 1]
        for _ in 0..<20 { deep = ["combinator": "OR", "filters": [deep]] }
        let wide = Value.list(Array(repeating: ["column": "temperature", "operator": ">", "value": 1], count: 101))
        for condition in [deep, wide] {
            let error = #expect(throws: AlarmRuleError.self) {
                try reader.rule(["name": "a", "table": "sensordata", "severities": ["minor": condition]])
            }
            #expect(error?.reason.contains("at most 100 filters, 8 deep") == true)
        }
    }

    @Test func `without a catalog any table and column will do`() throws {
        let rule = try AlarmRuleReader(catalog: nil).rule([
            "name": "a", "table": "x", "severities": ["minor": ["column": "y", "operator": "=", "value": 1]],
        ])
        #expect(rule.table == "x")
    }
}

struct TableCatalogTests {
    private let yaml = """
        data:
          tables:
            - tablename: sensordata
              columns:
                - { id: tsp, name: Time, dataType: timestamp }
                - { id: temperature, name: Temperature, dataType: numeric }
            - tablename: motors
              columns: [{ id: tsp }]
        """

    @Test func `a template is read as text and as a dictionary`() {
        let catalog = TableCatalog(columns: ["sensordata": ["tsp", "temperature"], "motors": ["tsp"]])
        #expect(TableCatalog(template: .string(yaml)) == catalog)
        let columns: Value = [["id": "tsp"], ["id": "temperature"]]
        let decoded: Value = [
            "data": [
                "tables": [
                    ["tablename": "sensordata", "columns": columns],
                    ["tablename": "motors", "columns": [["id": "tsp"]]],
                ]
            ]
        ]
        #expect(TableCatalog(template: decoded) == catalog)
    }

    @Test(arguments: [nil, "", "a: b", "[", 3, ["data": 1]] as [Value])
    func `what is no template is no catalog`(_ template: Value) {
        #expect(TableCatalog(template: template) == nil)
    }
}
