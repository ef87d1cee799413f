// The rows of one batch as they are published. Each is encoded once, behind those before it; the live feed's events and
// the alarms' are spliced from the same bytes. One batch follows the other in the same memory.

import WAMP

/// The rows of one request, where they lie in the batch.
struct EncodedRows: Sendable, Hashable {
    var serializer: Serializer
    var range: Range<Int>
    var count: Int
}

/// What the writer encodes from one commit to the next. Belongs to the writer.
struct RowBatch: Sendable {
    /// The rows, for each serializer.
    private var rows = Serializer.allCases.map { ValueWriter($0) }
    /// The event that is made of them at the moment.
    private var events = Serializer.allCases.map { ValueWriter($0) }

    /// Memory beyond this is given back after the batch that needed it.
    private static let bytesKeptMax = 8 << 20

    /// Forgets the rows of the batch before.
    mutating func clear() {
        for serializer in Serializer.allCases {
            Self.clear(&rows[serializer.position])
            Self.clear(&events[serializer.position])
        }
    }

    private static func clear(_ writer: inout ValueWriter) {
        if writer.bytes.capacity > bytesKeptMax { writer = ValueWriter(writer.serializer) } else { writer.reset() }
    }

    /// Adds the rows of one request; of one that fails nothing stays.
    ///
    /// - Parameter write: writes the rows one after the other, and tells how many there are.
    mutating func add(
        _ serializer: Serializer, _ write: (inout ValueWriter) throws -> Int
    ) rethrows -> EncodedRows {
        let before = rows[serializer.position].mark
        let end = rows[serializer.position].bytes.count
        do {
            let count = try write(&rows[serializer.position])
            // JSON's comma stands between two requests, and is of neither.
            let start = serializer == .json && end > 0 ? end + 1 : end
            return EncodedRows(
                serializer: serializer, range: start..<max(start, rows[serializer.position].bytes.count), count: count)
        } catch {
            rows[serializer.position].goBack(to: before)
            throw error
        }
    }

    // MARK: Events

    /// `[row]`, the arguments of `transformed.<table>`.
    mutating func single(_ encoded: EncodedRows) -> Payload {
        event(encoded.serializer) { writer, rows in
            writer.beginList(encoded.count)
            writer.raw(rows.extracting(encoded.range))
            writer.endList()
        }
    }

    /// `[[row, …]]`, the arguments of `transformed.bulk.<table>`.
    mutating func bulk(_ encoded: EncodedRows) -> Payload {
        event(encoded.serializer) { writer, rows in
            writer.beginList(1)
            writer.beginList(encoded.count)
            writer.raw(rows.extracting(encoded.range))
            writer.endList()
            writer.endList()
        }
    }

    /// `[sequence of the last row, [row, …]]`, the arguments of `fleetdb.commit.<table>`.
    ///
    /// - Parameter parts: of one serializer.
    mutating func commit(_ parts: [EncodedRows], _ serializer: Serializer, lastSequence: Int64) -> Payload {
        event(serializer) { writer, rows in
            writer.beginList(2)
            writer.integer(lastSequence)
            writer.beginList(parts.reduce(0) { $0 + $1.count })
            for part in parts { writer.raw(rows.extracting(part.range)) }
            writer.endList()
            writer.endList()
        }
    }

    private mutating func event(
        _ serializer: Serializer, _ write: (inout ValueWriter, Span<UInt8>) -> Void
    ) -> Payload {
        let encoded = rows[serializer.position].bytes
        events[serializer.position].reset()
        write(&events[serializer.position], encoded.span)
        return Payload(serializer: serializer, arguments: events[serializer.position].bytes)
    }
}

extension Serializer {
    /// Its place in a list that has one element for each serializer.
    var position: Int { Int(rawValue) - 1 }
}
