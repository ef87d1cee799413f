// All alarms of one realm, as a value. It decides and it remembers, in two steps that never mix:
//
//   decide   `evaluate`, `elapse`, `acknowledge`, … look at the alarms and answer with transitions. They change nothing.
//   apply    `apply` makes the transitions true.
//
// Between the two the shell stores them: what could not be stored has not happened, and what is published is on disk.
// No clock, no I/O, no randomness: time is a parameter, and the same rows give the same transitions.
//
// Every rule remembers the commit sequence of the last row that it has seen. A row at or below it is a duplicate and
// is ignored; the shell compares it with what arrives to find gaps (`position(of:)`).

/// The alarms of one realm: rules, one alarm per rule and device, and how far each rule has read its table.
package struct AlarmEngine: Sendable {
    /// One rule and its alarms.
    struct Watch: Sendable {
        var rule: AlarmRule
        /// device_key → alarm
        var alarms: [Int64: AlarmInstance] = [:]
        /// The commit sequence of the last row evaluated; nil starts at the next row that arrives.
        var evaluated: Int64?
    }

    /// rule name → the rule and its alarms
    private var watches: [String: Watch] = [:]
    /// table → names of the enabled rules on it, sorted: what a row has to be shown to
    private var rulesByTable: [String: [String]] = [:]
    /// How long an alarm may be shelved at most.
    package let shelvingMax: Duration
    /// How many alarms there may be: rows may name any device, also ones that nobody has.
    package let alarmsMax: Int
    package private(set) var alarmCount = 0

    package init(shelvingMax: Duration, alarmsMax: Int = 50_000) {
        self.shelvingMax = shelvingMax
        self.alarmsMax = alarmsMax
    }

    // MARK: Looking

    package var rules: [AlarmRule] { watches.values.map(\.rule).sorted { $0.name < $1.name } }

    package var alarms: [AlarmInstance] { watches.values.flatMap(\.alarms.values) }

    package func rule(_ name: String) -> AlarmRule? { watches[name]?.rule }

    package func alarm(_ key: AlarmKey) -> AlarmInstance? { watches[key.rule]?.alarms[key.deviceKey] }

    /// The tables that enabled rules watch.
    package var tables: Set<String> { Set(rulesByTable.keys) }

    /// How far the table has been read: by the rule that is furthest behind; nil when no rule has a position yet.
    package func position(of table: String) -> Int64? {
        rulesByTable[table, default: []].compactMap { watches[$0]?.evaluated }.min()
    }

    /// How far one rule has read its table.
    package func position(ofRule name: String) -> Int64? { watches[name]?.evaluated }

    // MARK: Deciding

    /// Shows rows to every enabled rule of their table, in order. A device that would have its first alarm beyond
    /// `alarmsMax` gets none.
    ///
    /// - Parameter rows: ascending by sequence; a rule skips those that it has seen.
    package func evaluate(_ rows: [AlarmRow], of table: String, now: Timestamp) -> [AlarmTransition] {
        var transitions: [AlarmTransition] = []
        var room = alarmsMax - alarmCount
        for name in rulesByTable[table, default: []] {
            guard let watch = watches[name] else { continue }
            // What the rows before have made of the alarms, within this call.
            var decided: [Int64: AlarmInstance] = [:]
            for row in rows where watch.evaluated.map({ row.sequence > $0 }) ?? true {
                let known = decided[row.deviceKey] ?? watch.alarms[row.deviceKey]
                let alarm = known ?? AlarmInstance(AlarmKey(rule: name, deviceKey: row.deviceKey))
                guard let transition = alarm.evaluated(row, by: watch.rule, now: now) else { continue }
                if known == nil {
                    guard room > 0 else { continue }
                    room -= 1
                }
                decided[row.deviceKey] = transition.alarm
                transitions.append(transition)
            }
        }
        return transitions
    }

    /// What time alone has changed: delays that have run out, shelves that have ended.
    ///
    /// - Parameter unread: tables with rows that are still to be evaluated, one of which may call a delay off.
    package func elapse(now: Timestamp, unread: Set<String> = []) -> [AlarmTransition] {
        var transitions: [AlarmTransition] = []
        for watch in watches.values {
            let isUnread = unread.contains(watch.rule.table)
            for var alarm in watch.alarms.values {
                while let transition = alarm.elapsed(watch.rule, now: now, isUnread: isUnread) {
                    transitions.append(transition)
                    alarm = transition.alarm
                }
            }
        }
        return transitions
    }

    package func acknowledge(
        _ key: AlarmKey, by caller: Caller, comment: String, now: Timestamp
    ) throws(AlarmRefusal) -> AlarmTransition {
        let (alarm, rule) = try existing(key)
        return try alarm.acknowledge(rule, by: caller, comment: comment, now: now)
    }

    package func reset(
        _ key: AlarmKey, by caller: Caller, comment: String, now: Timestamp
    ) throws(AlarmRefusal) -> AlarmTransition {
        let (alarm, rule) = try existing(key)
        return try alarm.reset(rule, by: caller, comment: comment, now: now)
    }

    package func shelve(
        _ key: AlarmKey, until: Timestamp, reason: String, by caller: Caller, now: Timestamp
    ) throws(AlarmRefusal) -> AlarmTransition {
        let (alarm, _) = try existing(key)
        return try alarm.shelve(until: until, reason: reason, by: caller, now: now, longest: shelvingMax)
    }

    package func unshelve(
        _ key: AlarmKey, by caller: Caller, comment: String, now: Timestamp
    ) throws(AlarmRefusal) -> AlarmTransition {
        let (alarm, _) = try existing(key)
        return try alarm.unshelve(by: caller, comment: comment, now: now)
    }

    package func annotate(
        _ key: AlarmKey, _ text: String, by caller: Caller, now: Timestamp
    ) throws(AlarmRefusal) -> AlarmTransition {
        let (alarm, _) = try existing(key)
        return try alarm.annotate(text, by: caller, now: now)
    }

    /// What becomes of a rule's alarms when it is replaced: those of a rule that is switched off, or now watches
    /// another table, are retired.
    package func replacing(with rule: AlarmRule, by caller: Caller, now: Timestamp) -> [AlarmTransition] {
        guard let watch = watches[rule.name] else { return [] }
        let goesOn = rule.isEnabled && rule.table == watch.rule.table
        return watch.alarms.values.compactMap {
            goesOn ? $0.reconsidered(rule, by: caller, now: now) : $0.retire(by: caller, now: now)
        }
    }

    /// What becomes of a rule's alarms when it is deleted.
    package func deleting(
        rule name: String, by caller: Caller, now: Timestamp
    ) throws(AlarmRefusal) -> [AlarmTransition] {
        guard let watch = watches[name] else { throw AlarmRefusal(.noSuchRule(name)) }
        return watch.alarms.values.compactMap { $0.retire(by: caller, now: now) }
    }

    private func existing(_ key: AlarmKey) throws(AlarmRefusal) -> (AlarmInstance, AlarmRule) {
        guard let watch = watches[key.rule] else { throw AlarmRefusal(.noSuchRule(key.rule)) }
        guard let alarm = watch.alarms[key.deviceKey] else { throw AlarmRefusal(.noSuchAlarm(key)) }
        return (alarm, watch.rule)
    }

    // MARK: Applying

    /// Makes transitions true, in order.
    package mutating func apply(_ transitions: [AlarmTransition]) {
        for transition in transitions { restore(transition.alarm) }
    }

    /// The table's enabled rules have seen every row up to a sequence.
    package mutating func advance(_ table: String, to sequence: Int64) {
        for name in rulesByTable[table, default: []] {
            let evaluated = watches[name]?.evaluated ?? sequence
            watches[name]?.evaluated = max(evaluated, sequence)
        }
    }

    /// The table counts from anew: its enabled rules go on behind a sequence that is before theirs.
    package mutating func rewind(_ table: String, to sequence: Int64) {
        for name in rulesByTable[table, default: []] { watches[name]?.evaluated = sequence }
    }

    /// Adds a rule, or puts it in the place of the one with its name, whose alarms it keeps.
    ///
    /// - Parameter position: the commit sequence from which it reads on; nil starts at the next row that arrives.
    package mutating func put(_ rule: AlarmRule, position: Int64?) {
        watches[rule.name, default: Watch(rule: rule)].rule = rule
        watches[rule.name]?.evaluated = position
        indexRules()
    }

    /// Forgets a rule and its alarms.
    package mutating func delete(rule name: String) {
        alarmCount -= watches.removeValue(forKey: name)?.alarms.count ?? 0
        indexRules()
    }

    /// Puts back what was stored.
    package mutating func restore(_ alarm: AlarmInstance) {
        guard var watch = watches.removeValue(forKey: alarm.key.rule) else { return }
        if watch.alarms.updateValue(alarm, forKey: alarm.key.deviceKey) == nil { alarmCount += 1 }
        watches[alarm.key.rule] = watch
    }

    private mutating func indexRules() {
        let enabled = watches.values.map(\.rule).filter(\.isEnabled)
        rulesByTable = Dictionary(grouping: enabled, by: \.table).mapValues { $0.map(\.name).sorted() }
    }
}
