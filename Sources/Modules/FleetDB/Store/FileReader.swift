/// A SQLite file of a table as a reader has it open: a chunk, or the table's own file. Belongs to one reader.
final class FileReader {
    let connection: SQLiteConnection
    /// The columns of `rows`, or of `latest`.
    let columns: Set<String>
    /// 0 when the file is no chunk.
    let bucketWidth: Int64
    /// When it was used last, on the reader's own count.
    var lastUse: UInt64 = 0

    init(chunk path: String) throws(SQLiteError) {
        connection = try SQLiteConnection(path: path, .read)
        try StoreFunctions.register(on: connection)
        columns = Set(try ChunkSchema.columns(connection).keys)
        bucketWidth = try connection.integer("SELECT bucket_width FROM chunk") ?? 0
    }

    init(latest path: String) throws(SQLiteError) {
        connection = try SQLiteConnection(path: path, .read)
        try StoreFunctions.register(on: connection)
        let statement = try connection.prepare("SELECT name FROM pragma_table_info('latest')")
        var columns: Set<String> = []
        while try statement.step() { columns.insert(statement.string(0)) }
        self.columns = columns
        bucketWidth = 0
    }
}
