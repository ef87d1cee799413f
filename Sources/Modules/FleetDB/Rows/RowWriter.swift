// Rows on their way out: an event, a history's answer, what the alarms read. All of them are written here, so that the
// row of an event and the row of a history are the same row, type by type.

import WAMP

/// Writes the values of rows by their columns' types.
enum RowWriter {
    /// A whole number is an integer on the wire, as in the vendor's answers: `1.0` is `1`.
    @inline(__always)
    static func real(_ value: Double, _ writer: inout ValueWriter) {
        if let integer = Int64(exactly: value) { writer.integer(integer) } else { writer.double(value) }
    }

    @inline(__always)
    static func integer(_ value: Int64, _ dataType: DataType, _ writer: inout ValueWriter) {
        if dataType == .boolean { writer.bool(value != 0) } else { writer.integer(value) }
    }

    /// - Parameter text: UTF-8; of a json column, one JSON value.
    @inline(__always)
    static func text(_ text: Span<UInt8>, _ dataType: DataType, _ writer: inout ValueWriter) {
        guard dataType == .json else { return writer.string(utf8: text) }
        do throws(WireError) {
            try Transcoder.transcode(text, ByteRange(0, text.count), from: .json, into: &writer)
        } catch {
            // Written by this module from a checked payload; a file that somebody edited by hand must not end a read.
            writer.null()
        }
    }
}
