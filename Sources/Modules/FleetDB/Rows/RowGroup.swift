import WAMP

/// What a row has beside its cells.
struct RowHead: Sendable, Hashable, BitwiseCopyable {
    var sequence: Int64
    var deviceKey: Int64
    var tsp: Int64
    var authid: Cell
}

/// Rows that wait to be stored with one statement: their cells, one row after the other.
///
/// Within a statement SQLite keeps its place in the tree from row to row, which saves a third of its time.
struct RowGroup: Sendable {
    /// Rows of one statement: most of what there is to gain, and few enough that those left over do not matter.
    static let rowsMax = 16

    private(set) var heads: [RowHead] = []
    private var cells: [Cell] = []
    private let cellCount: Int

    /// - Parameter cellCount: the cells of each row.
    init(cellCount: Int) {
        self.cellCount = cellCount
    }

    var isEmpty: Bool { heads.isEmpty }
    var isFull: Bool { heads.count >= Self.rowsMax }

    /// Adds the row that a reader has just read; its texts stay where they are.
    mutating func append(_ reader: borrowing RowReader, sequence: Int64) {
        heads.append(reader.head(sequence: sequence))
        cells.append(contentsOf: reader.cells)
    }

    mutating func removeAll() {
        heads.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
    }

    /// Lends each row with its place in the group.
    @inline(__always)
    func forEach(_ body: (Int, RowHead, Span<Cell>) throws(SQLiteError) -> Void) throws(SQLiteError) {
        for index in heads.indices {
            try body(index, heads[index], cells.span.extracting(index * cellCount..<(index + 1) * cellCount))
        }
    }
}
