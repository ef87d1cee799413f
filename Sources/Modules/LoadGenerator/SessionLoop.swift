/// Sessions that are begun and ended, so many at once, again and again.
//
// Confined to the event loop of its run.
final class SessionLoop {
    private unowned let run: LoadRun
    private let atOnce: Int
    private let role: LoadRole
    private var open: Set<ObjectIdentifier> = []

    init(_ run: LoadRun, atOnce: Int, role: LoadRole) {
        self.run = run
        self.atOnce = atOnce
        self.role = role
    }

    func start() {
        for _ in 0..<atOnce { run.open(role) }
    }

    func becameReady(_ connection: LoadConnection) {
        open.insert(ObjectIdentifier(connection))
        let waits = connection.codec.leave()
        connection.flush()
        if !waits { left(connection) }
    }

    func left(_ connection: LoadConnection) {
        guard open.remove(ObjectIdentifier(connection)) != nil else { return }
        run.counters.record(LoadRun.now() &- connection.beginning)
        connection.close()
        if run.isRunning { run.open(role) }
    }

    func closed(_ connection: LoadConnection, _ reason: LoadError) {
        if open.contains(ObjectIdentifier(connection)) { return left(connection) }
        if !connection.isReady, run.isRunning { run.fail(reason) }
    }
}
