// Binds a row to a statement: every value straight from where the reader found it, texts without a copy.

import WAMP

/// Which part of a row each parameter of a statement gets.
struct RowBinder {
    enum Parameter: Sendable, Hashable {
        case bucket, deviceKey, tsp, sequence, authid
        /// An index of the row's cells.
        case cell(Int)
    }

    let parameters: [Parameter]

    /// Binds a row and runs the statement; SQLite borrows the texts' bytes just so long.
    func run(
        _ statement: SQLiteStatement, _ reader: RowReader, _ payload: Payload, bucket: Int64 = 0, sequence: Int64 = 0
    ) throws(SQLiteError) {
        try withBytes(reader, payload) { bytes throws(SQLiteError) in
            bind(statement, reader, bytes, bucket, sequence)
            try statement.run()
        }
    }

    /// Binds a row, steps to the first row of the answer and hands it over.
    func first(
        _ statement: SQLiteStatement, _ reader: RowReader, _ payload: Payload, _ receive: () -> Void
    ) throws(SQLiteError) {
        try withBytes(reader, payload) { bytes throws(SQLiteError) in
            bind(statement, reader, bytes, 0, 0)
            defer { statement.reset() }
            if try statement.step() { receive() }
        }
    }

    private func bind(
        _ statement: SQLiteStatement, _ reader: RowReader, _ bytes: CellBytes, _ bucket: Int64, _ sequence: Int64
    ) {
        var index: Int32 = 1
        for parameter in parameters {
            switch parameter {
            case .bucket: statement.bind(bucket, at: index)
            case .deviceKey: statement.bind(reader.deviceKey, at: index)
            case .tsp: statement.bind(reader.tsp, at: index)
            case .sequence: statement.bind(sequence, at: index)
            case .authid: bind(statement, reader.authid, at: index, bytes)
            case .cell(let column): bind(statement, reader.cells[column], at: index, bytes)
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

    private func withBytes(
        _ reader: RowReader, _ payload: Payload, _ body: (CellBytes) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        try payload.arguments.withUnsafeBufferPointer { arguments throws(SQLiteError) in
            try payload.argumentsKw.withUnsafeBufferPointer { argumentsKw throws(SQLiteError) in
                try reader.scratch.withUnsafeBufferPointer { scratch throws(SQLiteError) in
                    try body(CellBytes(arguments: arguments, argumentsKw: argumentsKw, scratch: scratch))
                }
            }
        }
    }
}

/// The bytes that texts lie in, while they do not move.
struct CellBytes {
    let arguments: UnsafeBufferPointer<UInt8>
    let argumentsKw: UnsafeBufferPointer<UInt8>
    let scratch: UnsafeBufferPointer<UInt8>

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
