import Synchronization

/// A table that is open: what the writer and the readers of one table share.
final class Table: Sendable {
    let realm: String
    let plan: RowPlan
    /// `<data>/fleetdb/<realm>/<table>`.
    let directory: String
    private let state: Mutex<State>

    private struct State {
        var layout: ChunkLayout
        /// Everything up to here is durable, in whatever chunk it lies.
        var committedSequence: Int64 = 0
    }

    var schema: TableSchema { plan.schema }

    /// - Parameter chunkMilliseconds: how much time one file holds, where the template does not say.
    init(realm: String, schema: TableSchema, directory: String, chunkMilliseconds: Int64) {
        self.realm = realm
        plan = RowPlan(schema)
        self.directory = directory
        let chunks = Directory.names(directory).compactMap(Chunk.init(fileName:))
        state = Mutex(
            State(layout: ChunkLayout(interval: schema.chunkMilliseconds ?? chunkMilliseconds, chunks: chunks)))
    }

    var layout: ChunkLayout { state.withLock { $0.layout } }
    var committedSequence: Int64 { state.withLock { $0.committedSequence } }

    func path(_ chunk: Chunk) -> String { directory + "/" + chunk.fileName }

    func insert(_ chunk: Chunk) { state.withLock { $0.layout.insert(chunk) } }
    func remove(_ chunk: Chunk) { state.withLock { $0.layout.remove(chunk) } }
    func setCommitted(_ sequence: Int64) {
        state.withLock { $0.committedSequence = max($0.committedSequence, sequence) }
    }
}
