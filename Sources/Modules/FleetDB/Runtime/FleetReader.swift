// Answers history on a thread of its own, beside the writer: SQLite's readers see the last commit and wait for nobody.

import Logging
import ModuleKit
import WAMP

actor FleetReader {
    private let executor: QueueExecutor
    private let clock: @Sendable () -> Int64
    private let logger: Logger
    /// How long the steps of one query may take together: a filter that finds nothing must not keep everybody waiting.
    private let queryNanosecondsMax: Int64
    private var files: [String: FileReader] = [:]
    private var useCount: UInt64 = 0

    private static let openFilesMax = 64

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter clock: milliseconds since 1970.
    init(label: String, queryNanosecondsMax: Int64, logger: Logger, clock: @escaping @Sendable () -> Int64) {
        self.queryNanosecondsMax = queryNanosecondsMax
        executor = QueueExecutor(label: label)
        self.logger = logger
        self.clock = clock
    }

    // MARK: History

    /// Answers `history.transformed.<table>`.
    func history(_ invocation: Invocation, _ table: Table) async {
        let serializer = invocation.payload.serializer
        do {
            guard !table.schema.isPrivate || invocation.callerAuthRole != "app_reader" else {
                throw Refusal(.notAuthorized, "\(table.schema.name) is private")
            }
            let request = try HistoryRequest(
                arguments(invocation.payload), table.schema, currentUser: invocation.callerAuthID)
            let scan = try HistoryScan(
                table, request, cutoff: cutoff(table), nanosecondsMax: queryNanosecondsMax, open: open)
            try await answer(invocation, serializer) { try scan.next() ? scan.write : nil }
        } catch {
            invocation.fail(self.error(error, table, serializer))
        }
    }

    /// Answers `history.transformed.series.<table>`.
    func series(_ invocation: Invocation, _ table: Table) async {
        let serializer = invocation.payload.serializer
        do {
            guard !table.schema.isPrivate || invocation.callerAuthRole != "app_reader" else {
                throw Refusal(.notAuthorized, "\(table.schema.name) is private")
            }
            let request = try SeriesRequest(
                arguments(invocation.payload), table.schema, currentUser: invocation.callerAuthID, now: clock())
            let series = try SeriesScan.collect(
                table, request, cutoff: cutoff(table), nanosecondsMax: queryNanosecondsMax, open: open)
            var rows = series.rowsNewestFirst()[...]
            try await answer(invocation, serializer) { rows.popFirst() }
        } catch {
            invocation.fail(self.error(error, table, serializer))
        }
    }

    /// Sends rows that come the newest first.
    private func answer(
        _ invocation: Invocation, _ serializer: Serializer, _ next: () throws -> ((inout ValueWriter) -> Void)?
    ) async throws {
        var answer = HistoryAnswer(serializer)
        while let write = try next() {
            try Task.checkCancellation()
            guard let chunk = try answer.add(write) else { continue }
            guard invocation.receiveProgress else {
                throw Refusal(
                    .resultTooLarge,
                    "the answer is larger than \(HistoryAnswer.chunkBytesMax >> 20) MiB; ask for progressive results, "
                        + "or narrow the time range, the columns or the limit")
            }
            try await send(chunk, invocation)
        }
        if let chunk = answer.lastChunk() { try await send(chunk, invocation) }
        invocation.yield(answer.final())
    }

    /// Waits until the caller's side can take it, but not for ever: meanwhile the statement keeps the file's WAL.
    private func send(_ chunk: Payload, _ invocation: Invocation) async throws {
        let isSent = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await invocation.progress(chunk)
                try Task.checkCancellation()
                return true
            }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        guard isSent else { throw Refusal(.timeout, "the rows were not taken within \(Self.patience)") }
    }

    private static let patience = Duration.seconds(60)

    // MARK: Rows behind a sequence

    /// Answers `fleetdb.rows.since` for a table.
    func rowsSince(_ invocation: Invocation, _ table: Table, _ sequence: Int64, limit: Int) {
        let serializer = invocation.payload.serializer
        do {
            let page = try CommitScan(table).page(since: sequence, limit: limit, serializer) { path in
                try open(path, isChunk: true)
            }
            invocation.yield(page)
        } catch {
            invocation.fail(self.error(error, table, serializer))
        }
    }

    // MARK: Files

    /// Closes files that are gone, or may be.
    func forget(_ paths: [String]) {
        for path in paths { files[path] = nil }
    }

    /// Closes every file of a realm.
    func forget(below directory: String) {
        files = files.filter { !$0.key.hasPrefix(directory + "/") }
    }

    /// - Returns: nil for a file that is gone, since retention has removed it, or that cannot be read at all: the rows of
    ///   the others are still worth an answer.
    private func open(_ path: String, isChunk: Bool) throws -> FileReader? {
        useCount += 1
        if let file = files[path] {
            file.lastUse = useCount
            return file
        }
        if files.count >= Self.openFilesMax, let oldest = files.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            // A request under way keeps what it reads open.
            files[oldest.key] = nil
        }
        let file: FileReader
        do throws(SQLiteError) {
            file = isChunk ? try FileReader(chunk: path) : try FileReader(latest: path)
        } catch {
            guard Directory.exists(path) else { return nil }
            logger.error(
                "file cannot be read, its rows are missing from the answer",
                metadata: .facts([.path: path, .error: error.description]))
            return nil
        }
        file.lastUse = useCount
        files[path] = file
        return file
    }

    private func cutoff(_ table: Table) -> Int64? {
        RetentionPlan(retentionMilliseconds: table.schema.retentionMilliseconds, now: clock()).cutoff
    }

    private func arguments(_ payload: Payload) throws(Refusal) -> [Value] {
        do throws(WireError) {
            return try payload.decodedArguments()
        } catch {
            throw Refusal.malformed(error)
        }
    }

    private func error(_ error: any Error, _ table: Table, _ serializer: Serializer) -> WAMPError {
        switch error {
        case let refusal as Refusal: return refusal.error(serializer)
        case let error as WAMPError: return error
        case is CancellationError: return Refusal(.canceled, "the caller does not wait any more").error(serializer)
        case let error as SQLiteError where error.isInterrupted:
            let reason = "the query took too long; narrow the time range, or filter by device_key"
            return Refusal(.timeout, reason).error(serializer)
        default:
            logger.error(
                "rows could not be read",
                metadata: .facts([.realm: table.realm, .table: table.schema.name, .error: "\(error)"]))
            return Refusal(.runtimeError, "the rows could not be read").error(serializer)
        }
    }
}
