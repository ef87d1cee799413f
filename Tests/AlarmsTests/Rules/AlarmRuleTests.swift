import Testing
import WAMP

@testable import Alarms

struct AlarmRuleTests {
    @Test(
        arguments: [
            (20, nil, nil), (90, nil, .major), (96, nil, .critical), (95, nil, .major),
            // with a deadband of 2, an alarm that is there stays there for longer
            (94, .critical, .critical), (93, .critical, .major), (84, .critical, .major), (83, .critical, nil),
            (84, .major, .major), (83, .major, nil), (94, .major, .major), (96, .major, .critical),
            // NULL neither raises nor clears
            (nil, nil, nil), (nil, .major, .major), (nil, .critical, .critical),
        ] as [(Value, Severity?, Severity?)])
    func `the highest severity that matches wins`(_ temperature: Value, _ current: Severity?, _ expected: Severity?) {
        #expect(boiler(deadband: 2).severity(of: row(temperature), while: current) == expected)
    }

    @Test func `a severity whose condition is unknown does not hold back one that is known`() {
        let rule = AlarmRule(
            name: "r", table: "t",
            conditions: [
                .critical: .predicate(Predicate(path("pressure"), .greater, 5)), .minor: above(50),
            ])
        #expect(rule.severity(of: row(60), while: nil) == .minor)
        // critical was raised by the pressure, of which this row says nothing
        #expect(rule.severity(of: row(60), while: .critical) == .critical)
        // minor was raised by the temperature, which this row says is fine
        #expect(rule.severity(of: row(20), while: .minor) == nil)
    }

    @Test func `evidence has the columns that the rule names, cut to what a list can show`() {
        let rule = AlarmRule(
            name: "r", table: "t", conditions: [.minor: .predicate(Predicate(path("text"), .isNotNull))],
            message: try? MessageTemplate("{temperature} {json}"))
        var long = row(20)
        long.columns["text"] = .string(String(repeating: "x", count: 5000))
        long.columns["json"] = ["a": 1]
        let evidence = rule.evidence(long, .minor, now: start)
        #expect(evidence.values["text"]?.string?.count == 200)
        #expect(evidence.values["json"] == .null)
        #expect(evidence.values["temperature"] == 20)
        #expect(evidence.values["tsp"] == nil)
        #expect(rule.columns.map(\.text) == ["text", "temperature", "json"])
    }

    @Test func `without a message the alarm says its rule's name`() {
        var rule = boiler()
        rule.message = nil
        #expect(rule.evidence(row(99), .critical, now: start).message == "boiler")
    }
}
