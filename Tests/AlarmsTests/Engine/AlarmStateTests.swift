import Testing

@testable import Alarms

// Every state × every event × both kinds of rule, written out: what the picture in AlarmState.swift says.

private let normal = AlarmState.normal
private func unseen(_ severity: Severity) -> AlarmState { .active(severity, acknowledged: false) }
private func seen(_ severity: Severity) -> AlarmState { .active(severity, acknowledged: true) }
private func gone(_ severity: Severity) -> AlarmState { .returned(severity, acknowledged: false) }
private func latched(_ severity: Severity) -> AlarmState { .returned(severity, acknowledged: true) }

struct AlarmStateTests {
    struct Step: Sendable, CustomTestStringConvertible {
        var from: AlarmState
        var severity: Severity?
        var resolving: AlarmState
        var latching: AlarmState
        init(_ from: AlarmState, _ severity: Severity?, _ resolving: AlarmState, _ latching: AlarmState) {
            (self.from, self.severity, self.resolving, self.latching) = (from, severity, resolving, latching)
        }
        var testDescription: String { "\(from) and \(severity?.name ?? "none")" }
    }

    static let steps = [
        //   state            row         auto-resolve       latched
        Step(normal, nil, normal, normal),
        Step(normal, .minor, unseen(.minor), unseen(.minor)),
        Step(normal, .major, unseen(.major), unseen(.major)),
        Step(normal, .critical, unseen(.critical), unseen(.critical)),

        Step(unseen(.major), nil, gone(.major), gone(.major)),
        Step(unseen(.major), .minor, unseen(.minor), unseen(.major)),
        Step(unseen(.major), .major, unseen(.major), unseen(.major)),
        Step(unseen(.major), .critical, unseen(.critical), unseen(.critical)),

        Step(seen(.major), nil, normal, latched(.major)),
        Step(seen(.major), .minor, seen(.minor), seen(.major)),
        Step(seen(.major), .major, seen(.major), seen(.major)),
        Step(seen(.major), .critical, unseen(.critical), unseen(.critical)),

        Step(gone(.major), nil, gone(.major), gone(.major)),
        Step(gone(.major), .minor, unseen(.minor), unseen(.major)),
        Step(gone(.major), .major, unseen(.major), unseen(.major)),
        Step(gone(.major), .critical, unseen(.critical), unseen(.critical)),

        // The first of these four happens when a latched rule is replaced by one that resolves by itself.
        Step(latched(.major), nil, normal, latched(.major)),
        Step(latched(.major), .minor, unseen(.minor), unseen(.major)),
        Step(latched(.major), .major, unseen(.major), unseen(.major)),
        Step(latched(.major), .critical, unseen(.critical), unseen(.critical)),
    ]

    @Test(arguments: steps) func `a row takes the alarm to the state that the table says`(_ step: Step) {
        #expect(step.from.conditionEvaluated(step.severity, latches: false) == step.resolving)
        #expect(step.from.conditionEvaluated(step.severity, latches: true) == step.latching)
    }

    @Test(
        arguments: [
            (normal, nil, nil),
            (unseen(.major), seen(.major), seen(.major)),
            (seen(.major), nil, nil),
            (gone(.major), normal, latched(.major)),
            (latched(.major), nil, nil),
        ] as [(AlarmState, AlarmState?, AlarmState?)])
    func `acknowledging is for what nobody has seen`(
        _ from: AlarmState, _ resolving: AlarmState?, _ latching: AlarmState?
    ) {
        #expect(from.acknowledged(latches: false) == resolving)
        #expect(from.acknowledged(latches: true) == latching)
    }

    @Test(
        arguments: [
            (normal, nil), (unseen(.major), nil), (seen(.major), nil), (gone(.major), nil), (latched(.major), normal),
        ] as [(AlarmState, AlarmState?)])
    func `resetting is for what has gone and has been seen`(_ from: AlarmState, _ next: AlarmState?) {
        #expect(from.reset() == next)
    }

    @Test(
        arguments: [
            (normal, nil, nil, false),
            (unseen(.minor), .minor, .minor, true),
            (seen(.minor), .minor, .minor, false),
            (gone(.minor), nil, .minor, true),
            (latched(.minor), nil, .minor, false),
        ] as [(AlarmState, Severity?, Severity?, Bool)])
    func `a state says how bad it is and whether somebody has to look`(
        _ state: AlarmState, _ active: Severity?, _ severity: Severity?, _ isUnacknowledged: Bool
    ) {
        #expect(state.activeSeverity == active)
        #expect(state.severity == severity)
        #expect(state.isUnacknowledged == isUnacknowledged)
    }

    @Test(arguments: [normal, unseen(.minor), seen(.major), gone(.critical), latched(.minor)])
    func `a state is what its name and severity say`(_ state: AlarmState) {
        #expect(AlarmState(name: state.name, severity: state.severity) == state)
        #expect(AlarmState.names.contains(state.name))
    }

    @Test(
        arguments: [
            ("normal", .minor), ("active_unacknowledged", nil), ("returned_acknowledged", nil), ("shelved", .major),
            ("", nil),
        ] as [(String, Severity?)])
    func `a name and a severity that do not fit are no state`(_ name: String, _ severity: Severity?) {
        #expect(AlarmState(name: name, severity: severity) == nil)
    }
}
