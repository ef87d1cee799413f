// Walks the rows that a series is made of, from file to file.

enum SeriesScan {
    /// Collects a whole series.
    ///
    /// - Parameters:
    ///   - cutoff: rows before it are gone.
    ///   - nanosecondsMax: how long all steps together may take.
    ///   - open: the file of a path, from the reader's cache; nil leaves it out.
    /// - Throws: `Refusal`, `SQLiteError`, or `CancellationError` when nobody waits for it any more.
    static func collect(
        _ table: Table, _ request: SeriesRequest, cutoff: Int64?, nanosecondsMax: Int64,
        open: (String, _ isChunk: Bool) throws -> FileReader?
    ) throws -> SeriesTable {
        var series = SeriesTable(request)
        var nanosecondsLeft = nanosecondsMax
        let groups = 2..<2 + request.groupBy.count
        let metrics = groups.upperBound..<groups.upperBound + request.metrics.count
        for chunk in table.layout.newestFirst(from: request.start, to: request.end) {
            guard let file = try open(table.path(chunk), true),
                let query = request.sql(
                    chunk, bucketWidth: file.bucketWidth, columns: file.columns, cutoff: cutoff)
            else { continue }
            let statement = try file.connection.prepare(query.text)
            statement.bind(query.values)
            while try statement.step(within: &nanosecondsLeft) {
                try Task.checkCancellation()
                try series.add(
                    tsp: statement.integer(0), sequence: statement.integer(1),
                    groups: groups.map { statement.value(Int32($0)) },
                    values: metrics.map { statement.value(Int32($0)) })
            }
        }
        return series
    }
}
