import ModuleKit
import Synchronization
import WAMP

/// A table as FleetDB has it: rows with commit sequences from 1, an event for each commit, and reading on.
final class FakeFleetDB: Sendable {
    private struct State {
        var rows: [Value] = []
        var isDown = false
        var readsCount = 0
    }

    private let state = Mutex(State())

    /// How often `rows.since` was called.
    var readsCount: Int { state.withLock { $0.readsCount } }

    func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }
    func forgetEverything() { state.withLock { $0.rows = [] } }

    /// Stores rows and answers with the event that FleetDB publishes.
    @discardableResult
    func commit(_ rows: [Value]) -> Payload {
        state.withLock { state in
            state.rows += rows
            return Payload([.integer(Int64(state.rows.count)), .list(rows)])
        }
    }

    @discardableResult
    func commit(device: Int64 = 7, tsp: Int64 = 1_000_000, temperature: Value) -> Payload {
        commit([["tsp": .integer(tsp), "device_key": .integer(device), "temperature": temperature]])
    }

    /// `fleetdb.rows.since`
    func rowsSince(_ since: Int64, _ limit: Int) throws(WAMPError) -> Payload {
        let answer: Value? = state.withLock { state in
            guard !state.isDown else { return nil }
            state.readsCount += 1
            let first = Int(min(max(since, 0), Int64(state.rows.count)))
            let rows = state.rows[first...].prefix(limit)
            let sequences = rows.indices.map { Value.integer(Int64($0 + 1)) }
            let through = rows.count == limit ? first + rows.count : state.rows.count
            return [
                "rows": .list(Array(rows)), "sequences": .list(sequences), "sequence": .integer(Int64(through)),
                "more": .bool(rows.count == limit),
            ]
        }
        guard let answer else { throw WAMPError(.noSuchProcedure) }
        return Payload([answer])
    }

    /// For a session on the admin realm.
    func answer(_ payload: Payload) throws(WAMPError) -> Payload {
        let arguments = (try? payload.decodedArguments()) ?? []
        guard arguments.count == 4, let since = arguments[2].integer, let limit = arguments[3].integer else {
            throw WAMPError(.invalidArgument)
        }
        return try rowsSince(since, Int(limit))
    }
}
