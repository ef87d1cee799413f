// How rows come from FleetDB: as events on `fleetdb.commit.<table>`, and as answers of `fleetdb.rows.since` when some
// were missed. Both are decoded here, and nowhere else.

import WAMP

/// Rows of one table in the order of their commit.
struct CommittedRows: Sendable, Hashable {
    var rows: [AlarmRow]
    /// The commit sequence up to which these rows tell everything.
    var through: Int64
    /// Whether the table has rows behind them that were not told.
    var hasMore = false

    /// The first sequence that is told; greater than `through` when there are no rows.
    var first: Int64 { rows.first?.sequence ?? through &+ 1 }

    /// An event: `[sequence of the last row, [row, …]]`. The rows of a commit have consecutive sequences.
    init?(event: Payload, now: Timestamp) {
        guard let arguments = try? event.decodedArguments(), arguments.count >= 2,
            let through = arguments[0].integer, let rows = arguments[1].list, through >= Int64(rows.count)
        else { return nil }
        self.init(rows, numbered: rows.indices.map { through - Int64(rows.count - 1 - $0) }, through: through, now)
    }

    /// An answer: `[{"rows": [row, …], "sequences": [n, …], "sequence": n, "more": bool}]`.
    init?(answer: Payload, now: Timestamp) {
        guard let answer = try? answer.decodedArguments().first, let through = answer["sequence"]?.integer,
            let rows = answer["rows"]?.list, let sequences = answer["sequences"]?.list
        else { return nil }
        self.init(rows, numbered: sequences.compactMap(\.integer), through: through, now)
        hasMore = answer["more"]?.bool ?? false
    }

    private init?(_ values: [Value], numbered sequences: [Int64], through: Int64, _ now: Timestamp) {
        guard values.count == sequences.count else { return nil }
        self.through = through
        rows = []
        rows.reserveCapacity(values.count)
        for (value, sequence) in zip(values, sequences) {
            guard let row = AlarmRow(value, sequence: sequence, now: now) else { return nil }
            rows.append(row)
        }
    }
}

extension CommittedRows {
    /// How rows stand to what has been read before them.
    enum Continuity: Sendable, Hashable {
        /// All of them are known.
        case seen
        /// They follow, or begin with some that are known.
        case next
        /// Rows are missing before them.
        case gap
    }

    /// - Parameter position: the last sequence that was read; nil when nothing was.
    func continuity(after position: Int64?) -> Continuity {
        guard let position else { return .next }
        if through <= position { return .seen }
        return first <= position &+ 1 ? .next : .gap
    }
}
