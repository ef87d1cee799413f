import Testing
import WAMP

@testable import Alarms

/// Predicates, and how AND and OR put them together when some of them do not know.
struct AlarmConditionTests {
    private static let yes = AlarmCondition.predicate(Predicate(path("there"), .isNotNull))
    private static let no = AlarmCondition.predicate(Predicate(path("there"), .isNull))
    private static let unknown = AlarmCondition.predicate(Predicate(path("missing"), .equal, 1))
    private static let columns: [String: Value] = ["there": 1]

    @Test(
        arguments: [
            ([yes, yes], true, true), ([yes, no], false, true), ([no, no], false, false),
            ([yes, unknown], nil, true), ([no, unknown], false, nil), ([unknown, unknown], nil, nil),
            ([unknown, no], false, nil), ([unknown, yes], nil, true),
        ] as [([AlarmCondition], Bool?, Bool?)])
    func `AND and OR follow SQL's three values`(_ conditions: [AlarmCondition], _ and: Bool?, _ or: Bool?) {
        #expect(AlarmCondition.all(conditions).holds(for: Self.columns, relaxed: false) == and)
        #expect(AlarmCondition.any(conditions).holds(for: Self.columns, relaxed: false) == or)
    }

    @Test(
        arguments: [
            // operator, written, found, holds
            (.equal, 5, 5, true), (.equal, 5, 5.0, true), (.equal, 5, 6, false), (.equal, "5", 5, true),
            (.equal, "on", "on", true), (.equal, "on", "On", false), (.equal, true, true, true),
            (.equal, "true", true, true), (.equal, true, "true", nil), (.equal, 1, true, nil), (.equal, 5, "5", nil),
            (.notEqual, 5, 6, true), (.notEqual, 5, 5, false), (.notEqual, 5, nil, nil),
            (.unequal, 5, 6, true), (.unequal, "a", "b", true),
            (.less, 5, 4, true), (.less, 5, 5, false), (.lessOrEqual, 5, 5, true), (.lessOrEqual, 5, 5.01, false),
            (.greater, 95, 95, false), (.greater, 95, 95.001, true), (.greaterOrEqual, 95, 95, true),
            (.greater, "9", "10", false), (.greater, "9", 10, true), (.greater, 95, nil, nil),
            (.greater, 95, .double(.nan), nil), (.greater, 95, ["nested": 1], nil),
            (.greater, 9_007_199_254_740_992, 9_007_199_254_740_993, true),
            (.equal, 9_007_199_254_740_992, 9_007_199_254_740_993, false),
            (.like, "boil%", "boiler 3", true), (.like, "boil%", "Boiler 3", false), (.like, "boil%", 5, nil),
            (.notLike, "boil%", "pump", true), (.ilike, "BOIL%", "boiler", true), (.notIlike, "BOIL%", "boiler", false),
            (.notLike, "boil%", nil, nil),
            (.in, [1, 2], 2, true), (.in, [1, 2], 3, false), (.in, ["a", 2], 2, true), (.in, ["a", 2], 3, nil),
            (.in, [1, 2], nil, nil), (.notIn, [1, 2], 3, true), (.notIn, [1, 2], 2, false), (.notIn, ["a", 2], 3, nil),
            (.isNull, nil, nil, true), (.isNull, nil, 0, false), (.isNotNull, nil, nil, false),
            (.isNotNull, nil, false, true),
        ] as [(FilterOperator, Value, Value, Bool?)])
    func `a comparison is true, false or unknown`(
        _ operator: FilterOperator, _ written: Value, _ found: Value, _ holds: Bool?
    ) {
        let predicate = Predicate(path("column"), `operator`, written)
        #expect(predicate.holds(for: ["column": found], relaxed: false) == holds)
    }

    @Test func `a column that is not there is NULL`() {
        #expect(Predicate(path("column"), .isNull).holds(for: [:], relaxed: false) == true)
        #expect(Predicate(path("column"), .equal, 1).holds(for: [:], relaxed: false) == nil)
    }

    @Test(
        arguments: [
            (.greater, 95, 93.5, false, true), (.greater, 95, 93, false, false), (.greaterOrEqual, 95, 93, false, true),
            (.less, 5, 6.5, false, true), (.less, 5, 7, false, false), (.lessOrEqual, 5, 7, false, true),
            (.greater, 95, 96, true, true), (.equal, 95, 94, false, false),
        ] as [(FilterOperator, Value, Value, Bool, Bool)])
    func `a deadband moves the threshold of an alarm that is there`(
        _ operator: FilterOperator, _ threshold: Value, _ found: Value, _ holds: Bool, _ relaxed: Bool
    ) {
        let predicate = Predicate(path("column"), `operator`, threshold, deadband: 2)
        #expect(predicate.holds(for: ["column": found], relaxed: false) == holds)
        #expect(predicate.holds(for: ["column": found], relaxed: true) == relaxed)
    }
}
