/// Turns a value of one serializer into the same value of another, without building it in between.
package enum Transcoder {
    /// Appends to `writer` the value that lies in `range`.
    ///
    /// Keys that are there twice stay twice. Lists and dictionaries of unknown length (JSON, CBOR up to a break) are
    /// written with their length. The result can be longer than what it was made from: six times, if JSON has to escape
    /// every character.
    /// - Parameters:
    ///   - bytes: the frame.
    ///   - range: one value, as `Cursor.skip` found it, or a whole frame that is one; white space around it may belong to
    ///     the range in JSON.
    /// - Throws: what `Cursor.skip` would. The writer's bytes are then as they were before.
    package static func transcode(
        _ bytes: Span<UInt8>, _ range: ByteRange, from serializer: Serializer, into writer: inout ValueWriter
    ) throws(WireError) {
        let before = writer.mark
        do throws(WireError) {
            var cursor = Cursor(serializer, at: Int(range.lowerBound))
            if serializer == writer.serializer {
                writer.raw(bytes.extracting(try cursor.skip(bytes).range))
            } else {
                try value(&cursor, bytes, &writer)
            }
            let end = Int(range.upperBound)
            if serializer == .json, cursor.position < end {
                cursor.position = min(end, JSONReader.skipSpace(bytes, cursor.position))
            }
            guard cursor.position == end else { throw WireError(.malformed, at: cursor.position) }
        } catch {
            writer.goBack(to: before)
            throw error
        }
    }

    /// Recursion ends with the cursor's depth.
    private static func value(
        _ cursor: inout Cursor, _ bytes: Span<UInt8>, _ writer: inout ValueWriter
    ) throws(WireError) {
        switch try cursor.next(bytes) {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .integer(let value): writer.integer(value)
        case .unsigned(let value): writer.unsigned(value)
        case .double(let value): writer.double(value)
        case .string(let token):
            if token.isEscaped {
                writer.string(utf8: cursor.unescaped(token, bytes).span)
            } else {
                writer.string(utf8: bytes.extracting(token.range.range))
            }
        case .bytes(let token):
            if token.isEscaped {
                writer.bytes(cursor.unescaped(token, bytes).span)
            } else {
                writer.bytes(bytes.extracting(token.range.range))
            }
        case .list(var list): try elements(&list, isDictionary: false, &cursor, bytes, &writer)
        case .dictionary(var entries): try elements(&entries, isDictionary: true, &cursor, bytes, &writer)
        }
    }

    private static func elements(
        _ container: inout Container, isDictionary: Bool, _ cursor: inout Cursor, _ bytes: Span<UInt8>,
        _ writer: inout ValueWriter
    ) throws(WireError) {
        // A count that was announced is checked by the reader: it throws if so many do not follow.
        let announced = container.count
        var opened: ValueWriter.Unsized?
        if let announced {
            if isDictionary { writer.beginDictionary(announced) } else { writer.beginList(announced) }
        } else {
            opened = writer.beginUnsized(isDictionary: isDictionary)
        }
        var count = 0
        while try cursor.more(&container, bytes) {
            if isDictionary { try key(&cursor, bytes, &writer) }
            try value(&cursor, bytes, &writer)
            count += 1
        }
        if let opened {
            writer.end(opened, count: count)
        } else if isDictionary {
            writer.endDictionary()
        } else {
            writer.endList()
        }
    }

    private static func key(
        _ cursor: inout Cursor, _ bytes: Span<UInt8>, _ writer: inout ValueWriter
    ) throws(WireError) {
        let token = try cursor.key(bytes)
        if token.isEscaped {
            writer.key(utf8: cursor.unescaped(token, bytes).span)
        } else {
            writer.key(utf8: bytes.extracting(token.range.range))
        }
    }
}
