import Logging
import ModuleKit
import WAMP

extension RealmAlarms {
    /// More rules than a person can look after.
    static let rulesMax = 1000

    /// Answers a call: once, whatever happens.
    func answer(_ procedure: AlarmProcedure, _ invocation: Invocation) async {
        let caller = Caller(
            authid: invocation.callerAuthID ?? "undisclosed", authrole: invocation.callerAuthRole ?? "undisclosed")
        do {
            let request = try procedure.request(Parameters(invocation.payload))
            invocation.yield(try await perform(request, by: caller))
        } catch let error as WAMPError {
            invocation.fail(error)
        } catch let error as AlarmRefusal {
            invocation.fail(WAMPError(error.uri, error.description))
        } catch let error as AlarmRuleError {
            invocation.fail(WAMPError(.invalidArgument, error.payload))
        } catch {
            storeFailed(error)
            invocation.fail(WAMPError(.runtimeError, "The alarms cannot be stored; the log says why."))
        }
    }

    private func perform(_ request: AlarmRequest, by caller: Caller) async throws -> Payload {
        let now = clock.now()
        switch request {
        case .list(let filter):
            let alarms = engine.alarms.filter(filter.accepts).sorted { $0.isListed(before: $1) }
            let page = alarms.dropFirst(filter.offset).prefix(filter.limit)
            return Payload([.list(page.map { $0.value(engine.rule($0.key.rule)) })])
        case .acknowledge(let key, let comment):
            return try await store(try engine.acknowledge(key, by: caller, comment: comment, now: now))
        case .reset(let key, let comment):
            return try await store(try engine.reset(key, by: caller, comment: comment, now: now))
        case .shelve(let key, let expiry, let reason):
            let until = expiry.timestamp(now: now)
            return try await store(try engine.shelve(key, until: until, reason: reason, by: caller, now: now))
        case .unshelve(let key, let comment):
            return try await store(try engine.unshelve(key, by: caller, comment: comment, now: now))
        case .annotate(let key, let text):
            return try await store(try engine.annotate(key, text, by: caller, now: now))
        case .history(let query):
            let entries = try await store.journal(of: realm, query)
            return Payload([.list(entries.map(\.value))])
        case .listRules:
            return Payload([.list(engine.rules.map(\.value))])
        case .putRules(let source):
            return try await put(source, by: caller)
        case .deleteRule(let name):
            return try await delete(name, by: caller)
        }
    }

    /// One transition that somebody asked for; answers with the alarm as it is then.
    private func store(_ transition: AlarmTransition) async throws -> Payload {
        guard await commit([transition], at: transition.at) else {
            throw WAMPError(.runtimeError, "The alarm cannot be stored; the log says why.")
        }
        return Payload([transition.alarm.value(engine.rule(transition.alarm.key.rule))])
    }

    // MARK: Rules

    /// Checks all rules before it stores one. Answers with the rule, or with the list of rules if a list came.
    private func put(_ source: AlarmRequest.RuleSource, by caller: Caller) async throws -> Payload {
        let reader = AlarmRuleReader(catalog: catalog)
        let rules: [AlarmRule]
        switch source {
        case .value(let value): rules = [try reader.rule(value)]
        case .yaml(let text): rules = try reader.rules(yaml: text)
        }
        let added = Set(rules.map(\.name)).subtracting(engine.rules.map(\.name))
        guard engine.rules.count + added.count <= Self.rulesMax else {
            throw AlarmRuleError(reason: "a realm has at most \(Self.rulesMax) rules")
        }
        for rule in rules { try await put(rule, by: caller) }
        return Payload([rules.count == 1 ? rules[0].value : .list(rules.map(\.value))])
    }

    private func put(_ rule: AlarmRule, by caller: Caller) async throws {
        let position = try await position(for: rule)
        let now = clock.now()
        let transitions = engine.replacing(with: rule, by: caller, now: now)
        try await store.put(rule, position: position, by: caller, change(transitions, at: now))
        engine.put(rule, position: position)
        engine.apply(transitions)
        publish(transitions)
        session.publish("alarms.on_rule_change", Payload([rule.value], ["kind": "put", "by": .string(caller.authid)]))
        await unwatch()
    }

    /// Where a rule begins to read: where its predecessor stands, or behind the rows that are there when it is put.
    /// Subscribed first: a row that is committed after the answer cannot be missed.
    private func position(for rule: AlarmRule) async throws(WAMPError) -> Int64? {
        guard rule.isEnabled else { return nil }
        try await watch(rule.table)
        if let known = engine.rule(rule.name), known.isEnabled, known.table == rule.table {
            return engine.position(ofRule: rule.name)
        }
        do {
            return try await source.head(of: rule.table, in: realm, now: clock.now())
        } catch {
            // FleetDB is switched off, or has not opened the realm: the rule begins with the first row that comes.
            logger.debug("the table's last row is not known", metadata: .facts([.table: rule.table]))
            return nil
        }
    }

    private func delete(_ name: String, by caller: Caller) async throws -> Payload {
        let now = clock.now()
        let transitions = try engine.deleting(rule: name, by: caller, now: now)
        let rule = engine.rule(name)
        try await store.delete(rule: name, by: caller, change(transitions, at: now))
        publish(transitions)
        engine.delete(rule: name)
        let value = rule?.value ?? .null
        session.publish("alarms.on_rule_change", Payload([value], ["kind": "deleted", "by": .string(caller.authid)]))
        await unwatch()
        return Payload([value])
    }
}

extension AlarmRefusal {
    /// The URI of the ERROR that tells it.
    var uri: ErrorURI {
        switch reason {
        case .noSuchAlarm, .noSuchRule: .notFound
        case .expiryInThePast, .expiryTooFar, .shelvingNeedsReason, .annotationIsEmpty: .invalidArgument
        case .nothingToAcknowledge, .alreadyAcknowledged, .nothingToReset, .resolvesByItself, .notAcknowledged,
            .conditionIsPresent, .notShelved:
            "alarms.error.not_possible"
        }
    }
}
