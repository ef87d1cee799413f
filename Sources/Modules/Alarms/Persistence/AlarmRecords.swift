// The parts of an alarm as dictionaries: how the store keeps them (as JSON) and how `alarms.list` shows them. One form
// for both, so that what is on disk can be read with the documentation of the wire beside it.

package import WAMP

extension Remark {
    package var value: Value {
        [
            "authid": .string(caller.authid), "authrole": .string(caller.authrole),
            "at": .integer(at.milliseconds), "text": .string(text),
        ]
    }

    init?(_ value: Value) {
        guard let caller = Caller(value), let at = value.timestamp("at"), let text = value["text"]?.string else {
            return nil
        }
        self.init(caller: caller, at: at, text: text)
    }
}

extension Shelf {
    package var value: Value {
        [
            "authid": .string(caller.authid), "authrole": .string(caller.authrole),
            "at": .integer(at.milliseconds), "until": .integer(until.milliseconds), "reason": .string(reason),
        ]
    }

    init?(_ value: Value) {
        guard let caller = Caller(value), let at = value.timestamp("at"), let until = value.timestamp("until"),
            let reason = value["reason"]?.string
        else { return nil }
        self.init(caller: caller, at: at, until: until, reason: reason)
    }
}

extension Evidence {
    package var value: Value {
        [
            "row_time": .integer(rowTime.milliseconds), "sequence": .integer(sequence), "message": .string(message),
            "values": .dictionary(values),
        ]
    }

    init?(_ value: Value) {
        guard let rowTime = value.timestamp("row_time"), let sequence = value["sequence"]?.integer,
            let message = value["message"]?.string, let values = value["values"]?.dictionary
        else { return nil }
        self.init(rowTime: rowTime, sequence: sequence, message: message, values: values)
    }
}

extension ObservedChange {
    var value: Value {
        [
            "severity": severity.map { .string($0.name) } ?? .null, "since": .integer(since.milliseconds),
            "evidence": evidence.value,
        ]
    }

    init?(_ value: Value) {
        guard let since = value.timestamp("since"), let evidence = value["evidence"].flatMap(Evidence.init) else {
            return nil
        }
        self.init(severity: value.severity("severity"), since: since, evidence: evidence)
    }
}

extension Occurrence {
    var value: Value {
        [
            "raised_at": .integer(raisedAt.milliseconds), "worst": .string(worst.name), "evidence": evidence.value,
            "returned_at": returnedAt.map { .integer($0.milliseconds) } ?? .null,
            "acknowledgement": acknowledgement?.value ?? .null,
        ]
    }

    init?(_ value: Value) {
        guard let raisedAt = value.timestamp("raised_at"), let worst = value.severity("worst"),
            let evidence = value["evidence"].flatMap(Evidence.init)
        else { return nil }
        self.init(
            raisedAt: raisedAt, worst: worst, evidence: evidence, returnedAt: value.timestamp("returned_at"),
            acknowledgement: value["acknowledgement"].flatMap(Remark.init))
    }
}

extension Caller {
    fileprivate init?(_ value: Value) {
        guard let authid = value["authid"]?.string, let authrole = value["authrole"]?.string else { return nil }
        self.init(authid: authid, authrole: authrole)
    }
}

extension Value {
    fileprivate func timestamp(_ key: String) -> Timestamp? { self[key]?.integer.map(Timestamp.init(milliseconds:)) }
    fileprivate func severity(_ key: String) -> Severity? { self[key]?.string.flatMap(Severity.init(name:)) }

    /// As a column of the store.
    var json: String { String(decoding: encoded(.json), as: UTF8.self) }

    /// From a column of the store; nil when it is no JSON.
    init?(json: String) {
        guard let value = try? Value.decode(Array(json.utf8), .json) else { return nil }
        self = value
    }
}
