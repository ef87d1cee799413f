import ModuleKit
import WAMP

/// FleetDB as the alarms see it: the rows of a table behind a commit sequence.
struct RowSource: Sendable {
    /// Rows per page of a catch-up.
    static let pageRows = 1000

    /// `fleetdb.rows.since` on the admin realm: `[realm, table, sequence, limit]`.
    var rowsSince: @Sendable (_ realm: String, _ table: String, Int64, _ limit: Int) async throws(WAMPError) -> Payload

    /// The rows behind a sequence, at most a page of them, oldest first.
    func page(of table: String, in realm: String, since: Int64, now: Timestamp) async throws(WAMPError) -> CommittedRows
    {
        let answer = try await rowsSince(realm, table, since, Self.pageRows)
        guard let rows = CommittedRows(answer: answer, now: now) else {
            throw WAMPError(.runtimeError, "fleetdb.rows.since: not what was expected")
        }
        return rows
    }

    /// The sequence of the table's last row; 0 when it never had one.
    func head(of table: String, in realm: String, now: Timestamp) async throws(WAMPError) -> Int64 {
        let answer = try await rowsSince(realm, table, .max, 1)
        guard let rows = CommittedRows(answer: answer, now: now) else {
            throw WAMPError(.runtimeError, "fleetdb.rows.since: not what was expected")
        }
        return rows.through
    }
}
