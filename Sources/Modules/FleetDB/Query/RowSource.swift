import WAMP

/// Where an answer's rows come from, the newest first.
protocol RowSource: AnyObject {
    /// Reads rows into an answer until one of its messages is full.
    ///
    /// - Returns: that message; nil when there are no more rows.
    func read(into answer: inout HistoryAnswer) throws -> Payload?
}

/// Rows that are written by functions, as those of a series are.
final class WrittenRows: RowSource {
    private var rows: ArraySlice<@Sendable (inout ValueWriter) -> Void>
    private let serializer: Serializer

    init(_ rows: [@Sendable (inout ValueWriter) -> Void], _ serializer: Serializer) {
        self.rows = rows[...]
        self.serializer = serializer
    }

    var count: Int { rows.count }

    func read(into answer: inout HistoryAnswer) throws -> Payload? {
        var writer = ValueWriter(serializer)
        while let write = rows.popFirst() {
            writer.reset()
            write(&writer)
            if let full = try answer.add(writer.bytes.span) { return full }
        }
        return nil
    }
}
