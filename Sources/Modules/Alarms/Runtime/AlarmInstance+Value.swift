package import WAMP

extension AlarmInstance {
    /// The alarm as `alarms.list` and `alarms.on_change` show it; times in milliseconds since 1970.
    ///
    /// - Parameter rule: its rule; nil when it has just been deleted.
    package func value(_ rule: AlarmRule?) -> Value {
        let evidence = occurrence?.evidence
        var fields: [String: Value] = [
            "rule": .string(key.rule),
            "device_key": .integer(key.deviceKey),
            "table": rule.map { .string($0.table) } ?? .null,
            "state": .string(state.name),
            "severity": state.severity.map { .string($0.name) } ?? .null,
            "active": .bool(state.activeSeverity != nil),
            "acknowledged": .bool(!state.isUnacknowledged),
            "latched": .bool(rule?.latches ?? false),
            "raise_count": .integer(raiseCount),
            "shelf": shelf?.value ?? .null,
            "annotation": annotation?.value ?? .null,
        ]
        fields["message"] = evidence.map { .string($0.message) } ?? .null
        fields["values"] = evidence.map { .dictionary($0.values) } ?? .null
        fields["row_time"] = evidence.map { .integer($0.rowTime.milliseconds) } ?? .null
        fields["worst"] = occurrence.map { .string($0.worst.name) } ?? .null
        fields["raised_at"] = occurrence.map { .integer($0.raisedAt.milliseconds) } ?? .null
        fields["returned_at"] = occurrence?.returnedAt.map { .integer($0.milliseconds) } ?? .null
        fields["acknowledgement"] = occurrence?.acknowledgement?.value ?? .null
        return .dictionary(fields)
    }

    /// The order of a list: what is worst and what nobody has seen stands first, then the newest.
    func isListed(before other: AlarmInstance) -> Bool {
        func rank(_ alarm: AlarmInstance) -> (Int, Int, Int64) {
            (
                alarm.state.isUnacknowledged ? 1 : 0, Int(alarm.state.severity?.rawValue ?? 0),
                alarm.occurrence?.raisedAt.milliseconds ?? 0
            )
        }
        let (mine, others) = (rank(self), rank(other))
        if mine != others { return mine > others }
        return (key.rule, key.deviceKey) < (other.key.rule, other.key.deviceKey)
    }
}
