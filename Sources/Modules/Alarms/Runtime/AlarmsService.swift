// The life of the module: opens the store, joins the admin realm, and keeps one `RealmAlarms` at work for every app
// realm that is open. Everything that may not be there yet (the admin realm, the provisioner, a realm) is tried again
// with the next tick.

import Logging
import ModuleKit
import ServiceLifecycle
import Synchronization
import WAMP

actor AlarmsService: Service {
    private let configuration: AlarmsConfiguration
    private let context: ModuleContext
    private let clock: AlarmClock
    private let logger: Logger

    private enum News: Sendable {
        /// A realm has opened, or its app has a new template.
        case opened(Value)
        case closed(Value)
        /// A realm that was closed has done its last work.
        case ended(String)
        /// Somebody has called a verb of the admin realm.
        case called(AlarmProcedure, Invocation)
        case tick
    }
    private let news: AsyncStream<News>
    private let newsSink: AsyncStream<News>.Continuation

    private var store: AlarmStore?
    private var admin: (any ClientSession)?
    /// Whether the realms that were open before the events began have been asked for.
    private var hasRealmList = false
    private var directory = RealmDirectory()
    /// realm → its alarms
    private var realms: [String: RealmAlarms] = [:]
    /// Realms that are open and could not be joined yet.
    private var waiting: [String: RealmEntry] = [:]
    /// Realms whose alarms have been opened, and whose work has not begun.
    private var idle: [RealmAlarms] = []
    private var nextPrune: Timestamp?

    static let tickInterval = Duration.seconds(1)
    static let pruneInterval = Duration.seconds(3600)
    private static let pruneRows = 5000

    init(configuration: AlarmsConfiguration, context: ModuleContext, clock: AlarmClock) {
        self.configuration = configuration
        self.context = context
        self.clock = clock
        var logger = context.logger
        logger[.module] = "alarms"
        self.logger = logger
        (news, newsSink) = AsyncStream.makeStream(of: News.self)
    }

    /// Opens the store, and joins what is open already, so that its alarms are there when the first peer comes.
    func prepare() async throws {
        store = try AlarmStore(path: context.directory + "/alarms.db", logger: logger)
        await connect()
    }

    func run() async throws {
        // Ends with this scope.
        async let _ = tickUntilCancelled()
        await withDiscardingTaskGroup { group in
            startIdle(&group)
            await withGracefulShutdownHandler {
                await withTaskCancellationHandler {
                    for await item in news {
                        await handle(item)
                        startIdle(&group)
                    }
                } onCancel: {
                    self.newsSink.finish()
                }
            } onGracefulShutdown: {
                self.newsSink.finish()
            }
            // What is in the inboxes is still dealt with, and positions are stored, before the store is closed.
            for alarms in realms.values { alarms.inbox.finish() }
        }
        if let admin { await admin.leave(reason: .goodbyeAndOut) }
        try store?.close()
    }

    private func startIdle(_ group: inout DiscardingTaskGroup) {
        for alarms in idle {
            group.addTask { [newsSink] in
                await alarms.run()
                newsSink.yield(.ended(alarms.realm))
            }
        }
        idle = []
    }

    private func tickUntilCancelled() async {
        while true {
            do { try await clock.sleep(Self.tickInterval) } catch { return }
            newsSink.yield(.tick)
        }
    }

    private func handle(_ item: News) async {
        switch item {
        case .opened(let value): await opened(value)
        case .closed(let value): closed(value)
        case .ended(let realm):
            realms[realm] = nil
            await openWaiting()
        case .called(let procedure, let invocation): await forward(invocation, to: procedure)
        case .tick:
            await connect()
            await openWaiting()
            for alarms in realms.values { alarms.inbox.tick() }
            await pruneJournal()
        }
    }
}

// MARK: - The admin realm

extension AlarmsService {
    /// The verbs of the command line and what they are on an app realm.
    static let adminProcedures: [(uri: String, procedure: AlarmProcedure)] = [
        ("gantry.alarm.list", .list), ("gantry.alarm.rule.add", .putRule), ("gantry.alarm.rule.list", .listRules),
        ("gantry.alarm.rule.delete", .deleteRule),
    ]

    /// Joins the admin realm and asks which realms are open, as far as that has not been done.
    private func connect() async {
        guard admin == nil || !hasRealmList else { return }
        do {
            if admin == nil { admin = try await joinAdmin() }
            try await readRealmList()
        } catch {
            logger.debug("the admin realm is not ready yet", metadata: .facts([.error: "\(error.uri)"]))
        }
    }

    private func readRealmList() async throws(WAMPError) {
        guard let entries = try await admin?.ask("gantry.realm.list").list else { return }
        hasRealmList = true
        for entry in entries { await opened(entry) }
    }

    private func joinAdmin() async throws(WAMPError) -> any ClientSession {
        let session = try await context.realms.join(adminRealm, as: .alarms)
        do {
            for (uri, procedure) in Self.adminProcedures {
                var options = RegisterOptions()
                options.discloseCaller = true
                _ = try await session.register(uri, options: options) { [newsSink] invocation in
                    newsSink.yield(.called(procedure, invocation))
                }
            }
            // Before the list is asked for: what opens meanwhile comes twice, not never.
            for topic in ["gantry.realm.on_open", "gantry.realm.on_change"] {
                _ = try await session.subscribe(topic, options: SubscribeOptions()) { [newsSink] event in
                    newsSink.yield(.opened(event.subject))
                }
            }
            _ = try await session.subscribe("gantry.realm.on_close", options: SubscribeOptions()) { [newsSink] event in
                newsSink.yield(.closed(event.subject))
            }
            return session
        } catch {
            await session.leave(reason: .goodbyeAndOut)
            throw error
        }
    }

    /// Hands a call to the realm that it names.
    private func forward(_ invocation: Invocation, to procedure: AlarmProcedure) async {
        do throws(WAMPError) {
            let parameters = try Parameters(invocation.payload)
            let realm: String
            do {
                realm = try directory.realm(parameters)
            } catch {
                // It may have been opened a moment ago, and its event is still behind this call.
                try await readRealmList()
                realm = try directory.realm(parameters)
            }
            realms[realm]?.inbox.call(procedure, invocation)
        } catch {
            invocation.fail(error)
        }
    }
}

// MARK: - App realms

extension AlarmsService {
    private func opened(_ value: Value) async {
        guard let entry = RealmEntry(value) else { return }
        if directory.holds(entry.realm.uri), let alarms = realms[entry.realm.uri] {
            directory.add(entry)
            if let catalog = entry.catalog { await alarms.learn(catalog) }
            return
        }
        waiting[entry.realm.uri] = entry
        await openWaiting()
    }

    private func closed(_ value: Value) {
        guard let realm = value["realm"]?.string else { return }
        waiting[realm] = nil
        // It stays in `realms` until it has ended: the same realm, opened again, must not overtake it.
        realms[realm]?.inbox.finish()
        directory.remove(realm)
    }

    private func openWaiting() async {
        for entry in waiting.values.sorted(by: { $0.realm.uri < $1.realm.uri }) where realms[entry.realm.uri] == nil {
            await open(entry)
        }
    }

    private func open(_ entry: RealmEntry) async {
        guard let store, let admin else { return }
        var realmLogger = logger
        let realm = entry.realm.uri
        realmLogger[.realm] = "\(realm)"
        do {
            let session = try await context.realms.join(realm, as: .alarms)
            let alarms = RealmAlarms(
                realm: realm, session: session, store: store, source: RowSource(admin), catalog: entry.catalog,
                shelvingMax: configuration.shelvingMax, clock: clock, logger: realmLogger)
            do {
                try await alarms.open()
                await alarms.catchUp()
            } catch {
                await session.leave(reason: .goodbyeAndOut)
                throw error
            }
            waiting[realm] = nil
            realms[realm] = alarms
            idle.append(alarms)
            directory.add(entry)
        } catch {
            realmLogger.debug("alarms cannot be opened yet", metadata: .facts([.error: "\(error)"]))
        }
    }

    private func pruneJournal() async {
        let now = clock.now()
        guard let store, now >= nextPrune ?? now else { return }
        nextPrune = now + Self.pruneInterval
        do {
            let oldest = now - configuration.journalRetention
            while try await store.prune(before: oldest, countMax: Self.pruneRows) == Self.pruneRows {}
        } catch {
            logger.error("the alarm journal cannot be pruned", metadata: .facts([.error: "\(error)"]))
        }
    }
}

extension Event {
    /// What an event of the admin realm is about: its keyword arguments.
    fileprivate var subject: Value { .dictionary((try? payload.decodedArgumentsKw()) ?? [:]) }
}

extension RowSource {
    /// FleetDB, through the admin realm.
    fileprivate init(_ admin: any ClientSession) {
        self.init { realm, table, since, limit throws(WAMPError) in
            let arguments: [Value] = [.string(realm), .string(table), .integer(since), .integer(Int64(limit))]
            return try await admin.call("fleetdb.rows.since", Payload(arguments))
        }
    }
}

extension Principal {
    /// The module itself: it may do what it does, and nothing else. As a service it sees every project.
    fileprivate static let alarms = Principal(
        authid: "alarms", authrole: "service", authmethod: "internal", authprovider: "gantry",
        permissions: Permissions([
            PermissionRule("alarms.", .prefix, allow: [.register, .publish]),
            PermissionRule("fleetdb.commit.", .prefix, allow: [.subscribe]),
            PermissionRule("fleetdb.rows.since", allow: [.call]),
            PermissionRule("gantry.alarm.", .prefix, allow: [.register]),
            PermissionRule("gantry.realm.", .prefix, allow: [.call, .subscribe]),
        ]))
}
