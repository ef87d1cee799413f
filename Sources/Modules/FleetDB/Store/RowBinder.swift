// Binds rows to a statement: every value straight from where the reader found it, texts without a copy.

import WAMP

/// Which part of a row each parameter of a statement gets.
struct RowBinder {
    enum Parameter: Sendable, Hashable {
        case bucket, deviceKey, tsp, sequence, authid
        /// An index of the row's cells.
        case cell(Int)
    }

    let parameters: [Parameter]

    /// Binds a row; SQLite borrows the texts' bytes until the statement has run.
    ///
    /// - Parameter first: the parameter that the row begins with.
    @inline(__always)
    func bind(
        _ statement: SQLiteStatement, _ head: RowHead, _ cells: Span<Cell>, _ bytes: CellBytes, bucket: Int64 = 0,
        from first: Int32 = 1
    ) {
        var index = first
        for parameter in parameters {
            switch parameter {
            case .bucket: statement.bind(bucket, at: index)
            case .deviceKey: statement.bind(head.deviceKey, at: index)
            case .tsp: statement.bind(head.tsp, at: index)
            case .sequence: statement.bind(head.sequence, at: index)
            case .authid: bind(statement, head.authid, at: index, bytes)
            case .cell(let column): bind(statement, cells[column], at: index, bytes)
            }
            index += 1
        }
    }

    @inline(__always)
    private func bind(_ statement: SQLiteStatement, _ cell: Cell, at index: Int32, _ bytes: CellBytes) {
        switch cell {
        case .absent, .null: statement.bindNull(at: index)
        case .integer(let value): statement.bind(value, at: index)
        case .real(let value): statement.bind(value, at: index)
        case .text(let place): statement.bind(borrowing: bytes[place], at: index)
        }
    }
}

/// The bytes that texts lie in, while they do not move.
struct CellBytes {
    let arguments: UnsafeBufferPointer<UInt8>
    let argumentsKw: UnsafeBufferPointer<UInt8>
    let scratch: UnsafeBufferPointer<UInt8>

    /// Lends the bytes of a payload, and of what its reader has written anew.
    static func with(
        _ reader: borrowing RowReader, _ payload: Payload, _ body: (CellBytes) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        let scratch = reader.scratch
        try payload.arguments.withUnsafeBufferPointer { arguments throws(SQLiteError) in
            try payload.argumentsKw.withUnsafeBufferPointer { argumentsKw throws(SQLiteError) in
                try scratch.withUnsafeBufferPointer { scratch throws(SQLiteError) in
                    try body(CellBytes(arguments: arguments, argumentsKw: argumentsKw, scratch: scratch))
                }
            }
        }
    }

    /// Checked: slicing a buffer traps outside its bounds.
    subscript(place: TextPlace) -> UnsafeBufferPointer<UInt8> {
        let buffer =
            switch place.source {
            case .arguments: arguments
            case .argumentsKw: argumentsKw
            case .scratch: scratch
            }
        return UnsafeBufferPointer(rebasing: buffer[place.range.range])
    }
}
