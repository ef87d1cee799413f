// One app realm's alarms at work. The engine decides; this shell gets rows, calls and ticks out of the inbox one by
// one, has the engine decide, stores what it decided, and only then makes it true and tells the realm.
//
//     inbox ──▶ engine.evaluate ──▶ store.commit ──▶ engine.apply ──▶ publish alarms.on_change
//
// Where rows come from: live as events of FleetDB; after a restart, a gap or a failed commit by reading on from the
// last position ("behind"). While a table is behind, its events are ignored: their rows are in FleetDB already.

import Logging
import ModuleKit
import WAMP

/// The alarms of one app realm. Only `run` (or a test) calls `handle`, so that one work is done before the next.
actor RealmAlarms {
    let realm: String
    nonisolated let inbox = RealmInbox()
    let session: any ClientSession
    let store: AlarmStore
    let source: RowSource
    let clock: AlarmClock
    let logger: Logger
    /// The tables of the app; nil when nobody knows them.
    private(set) var catalog: TableCatalog?

    var engine: AlarmEngine
    /// table → its subscription
    private var subscriptions: [String: SubscriptionID] = [:]
    /// Tables whose rows have to be read from FleetDB before their events count again.
    private var behind: Set<String> = []
    /// Tables for which a `catchUp` is in the inbox.
    private var catchUpsQueued: Set<String> = []
    /// table → the position that is not on disk yet. Rows that changed nothing can be evaluated again at no harm, so
    /// their position waits for the next change or the next tick but few.
    private var unsaved: [String: Int64] = [:]
    private var ticksUntilSave = 0
    /// A store that fails is told once per episode.
    private var isStoreFailing = false
    private var isFull = false

    static let ticksBetweenSaves = 10
    /// Pages that are read before the realm's alarms are said to be there; what is more is read beside the rest.
    static let pagesAtOpen = 50

    init(
        realm: String, session: any ClientSession, store: AlarmStore, source: RowSource, catalog: TableCatalog?,
        shelvingMax: Duration, clock: AlarmClock, logger: Logger
    ) {
        self.realm = realm
        self.session = session
        self.store = store
        self.source = source
        self.catalog = catalog
        self.clock = clock
        self.logger = logger
        engine = AlarmEngine(shelvingMax: shelvingMax)
    }

    /// Loads what is stored, registers the procedures and subscribes to the tables that rules watch. What was
    /// committed meanwhile is still to be read.
    func open() async throws {
        let contents = try await store.contents(of: realm)
        for (rule, position) in contents.rules { engine.put(rule, position: position) }
        for alarm in contents.alarms { engine.restore(alarm) }
        for name in contents.unreadable {
            logger.error("an alarm record is unreadable, left alone", metadata: ["record": "\(name)"])
        }
        for procedure in AlarmProcedure.allCases {
            var options = RegisterOptions()
            options.discloseCaller = true
            _ = try await session.register(procedure.uri, options: options) { [inbox] invocation in
                inbox.call(procedure, invocation)
            }
        }
        for table in engine.tables.sorted() {
            try await watch(table)
            fallBehind(table)
        }
    }

    /// Reads what was committed while nobody looked, as far as that takes no more than some pages.
    func catchUp() async {
        for _ in 0..<Self.pagesAtOpen {
            guard let table = behind.min() else { return }
            let position = engine.position(of: table)
            await readOn(table)
            // Neither done nor one page further: FleetDB is not there yet.
            if behind.contains(table), engine.position(of: table) == position { return }
        }
    }

    /// The app has a new template.
    func learn(_ catalog: TableCatalog) { self.catalog = catalog }

    /// Works until the inbox is finished.
    func run() async {
        for await work in inbox.works { await handle(work) }
        await savePositions()
        await session.leave(reason: .goodbyeAndOut)
    }

    func handle(_ work: AlarmWork) async {
        for table in inbox.taken(work) { fallBehind(table) }
        switch work {
        case .rows(let table, let payload): await received(payload, of: table)
        case .call(let procedure, let invocation): await answer(procedure, invocation)
        case .catchUp(let table): await readOn(table)
        case .tick: await tick()
        }
    }

    // MARK: Rows

    private func received(_ event: Payload, of table: String) async {
        guard !behind.contains(table), engine.tables.contains(table) else { return }
        guard let rows = CommittedRows(event: event, now: clock.now()) else {
            logger.error("a commit event is unreadable, reading the table instead", metadata: facts(table))
            return fallBehind(table)
        }
        switch rows.continuity(after: engine.position(of: table)) {
        case .seen: return
        case .next: await evaluate(rows, of: table)
        case .gap:
            // Read at once: whoever asks after this event finds it evaluated.
            fallBehind(table)
            await readOn(table)
        }
    }

    /// - Returns: false when it could not be stored; the table is behind then, until the next tick tries again.
    @discardableResult
    private func evaluate(_ rows: CommittedRows, of table: String) async -> Bool {
        let now = clock.now()
        let transitions = engine.evaluate(rows.rows, of: table, now: now)
        let isStored = await commit(transitions, at: now, positions: [table: rows.through])
        if !isStored { behind.insert(table) }
        return isStored
    }

    /// From here on the table is read from FleetDB until nothing is missing.
    private func fallBehind(_ table: String) {
        behind.insert(table)
        if catchUpsQueued.insert(table).inserted { inbox.catchUp(table) }
    }

    /// Reads one page; the next one waits its turn behind calls and other tables.
    private func readOn(_ table: String) async {
        catchUpsQueued.remove(table)
        guard behind.contains(table) else { return }
        guard engine.tables.contains(table) else {
            behind.remove(table)
            return
        }
        do {
            guard let position = engine.position(of: table) else {
                // No rule knows where to begin: with the next row.
                let head = try await source.head(of: table, in: realm, now: clock.now())
                if await commit([], at: clock.now(), positions: [table: head]) { behind.remove(table) }
                return
            }
            let page = try await source.page(of: table, in: realm, since: position, now: clock.now())
            guard !page.rows.isEmpty else {
                behind.remove(table)
                if page.through < position { await restart(table, at: page.through, insteadOf: position) }
                return
            }
            guard await evaluate(page, of: table) else { return }
            if page.hasMore { fallBehind(table) } else { behind.remove(table) }
        } catch {
            // The next tick tries again; FleetDB may not be there yet.
            logger.debug("rows cannot be read yet", metadata: facts(table, error: error))
        }
    }

    /// The table has fewer rows than were evaluated: it was made anew, or restored from a backup.
    private func restart(_ table: String, at head: Int64, insteadOf position: Int64) async {
        logger.warning("the table counts from anew, its alarm rules follow", metadata: facts(table))
        engine.rewind(table, to: head)
        unsaved[table] = nil
        do {
            try await store.rewind(table, of: realm, to: head)
        } catch {
            storeFailed(error)
        }
    }

    // MARK: Time

    private func tick() async {
        let now = clock.now()
        // Time must not overtake rows that are waiting to be read: they may call a delay off.
        let transitions = engine.elapse(now: now, unread: behind)
        if !transitions.isEmpty { await commit(transitions, at: now) }
        for table in behind.sorted() { fallBehind(table) }
        ticksUntilSave -= 1
        if ticksUntilSave <= 0 {
            ticksUntilSave = Self.ticksBetweenSaves
            await savePositions()
        }
    }

    private func savePositions() async {
        guard !unsaved.isEmpty else { return }
        do {
            try await store.commit(AlarmStore.Change(realm: realm, at: clock.now(), positions: unsaved))
            unsaved = [:]
        } catch {
            storeFailed(error)
        }
    }

    // MARK: Deciding, storing, telling

    /// Stores transitions and positions, makes them true and publishes them; nothing of it when storing fails.
    @discardableResult
    func commit(
        _ transitions: [AlarmTransition], at now: Timestamp, positions: [String: Int64] = [:]
    ) async -> Bool {
        if transitions.isEmpty {
            settle([], positions)
            unsaved.merge(positions) { max($0, $1) }
            return true
        }
        do {
            let change = change(transitions, at: now, positions: positions)
            try await store.commit(change)
            unsaved = [:]
            settle(transitions, positions)
            return true
        } catch {
            storeFailed(error)
            return false
        }
    }

    /// A change, with the positions that wait to be stored: what is on disk is always one moment of the engine.
    func change(
        _ transitions: [AlarmTransition], at now: Timestamp, positions: [String: Int64] = [:]
    ) -> AlarmStore.Change {
        AlarmStore.Change(
            realm: realm, at: now, transitions: transitions, positions: unsaved.merging(positions) { max($0, $1) })
    }

    private func settle(_ transitions: [AlarmTransition], _ positions: [String: Int64]) {
        isStoreFailing = false
        engine.apply(transitions)
        for (table, sequence) in positions { engine.advance(table, to: sequence) }
        publish(transitions)
        if isFull != (engine.alarmCount >= engine.alarmsMax) {
            isFull.toggle()
            if isFull {
                let count = "\(engine.alarmCount)"
                logger.error("no room for alarms of more devices, delete a rule", metadata: .facts([.count: count]))
            }
        }
    }

    /// `alarms.on_change`: the alarm as it is now, and what has just happened to it.
    func publish(_ transitions: [AlarmTransition]) {
        for transition in transitions where transition.isNews {
            let alarm = transition.alarm.value(engine.rule(transition.alarm.key.rule))
            let news: [String: Value] = [
                "kind": .string(transition.kind.rawValue), "at": .integer(transition.at.milliseconds),
                "before": .string(transition.before.name),
            ]
            session.publish("alarms.on_change", Payload([alarm], news))
        }
    }

    func storeFailed(_ error: any Error) {
        if !isStoreFailing { logger.error("alarms cannot be stored", metadata: ["error": "\(error)"]) }
        isStoreFailing = true
    }

    // MARK: Subscriptions

    /// Subscribes to a table's commits, once.
    func watch(_ table: String) async throws(WAMPError) {
        guard subscriptions[table] == nil else { return }
        subscriptions[table] = try await session.subscribe(
            "fleetdb.commit.\(table)", options: SubscribeOptions()
        ) { [inbox] event in inbox.offer(rows: event.payload, of: table) }
    }

    /// Lets go of tables that no rule watches any more.
    func unwatch() async {
        for (table, subscription) in subscriptions where !engine.tables.contains(table) {
            subscriptions[table] = nil
            behind.remove(table)
            do {
                try await session.unsubscribe(subscription)
            } catch {
                logger.debug("a subscription could not be ended", metadata: facts(table, error: error))
            }
        }
    }

    private func facts(_ table: String, error: WAMPError? = nil) -> Logger.Metadata {
        var facts = Logger.Metadata.facts([.table: table])
        if let error { facts[LogKey.error.rawValue] = "\(error.uri)" }
        return facts
    }
}
