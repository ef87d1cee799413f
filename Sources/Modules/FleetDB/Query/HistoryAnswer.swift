// An answer while its rows come in, newest first. What fits one message leaves as one list in ascending order; what does
// not leaves in chunks as they fill, each newest first, and the client turns the whole around.

import WAMP

/// The rows of one answer, encoded.
struct HistoryAnswer: Sendable {
    /// What one message holds: half of the largest frame that the vendor's clients take.
    static let chunkBytesMax = 8 << 20
    /// What one answer holds, in all its messages.
    static let bytesMax = 1 << 30

    let serializer: Serializer
    private var bytes: [UInt8] = []
    /// Where each row of the chunk under way ends.
    private var ends: [Int] = []
    private var row: ValueWriter
    private var chunkCount = 0
    private var rowCount = 0
    private var byteCount = 0
    private let chunkBytesMax: Int

    init(_ serializer: Serializer, chunkBytesMax: Int = Self.chunkBytesMax) {
        self.serializer = serializer
        self.chunkBytesMax = chunkBytesMax
        row = ValueWriter(serializer)
    }

    /// Adds the row that `write` writes.
    ///
    /// - Returns: a chunk that is full without the row, to be sent before anything else; it is the caller's part to know
    ///   that it may be sent.
    /// - Throws: when a single row does not fit, or everything together is out of bounds.
    mutating func add(_ write: (inout ValueWriter) -> Void) throws(Refusal) -> Payload? {
        row.reset()
        write(&row)
        let count = row.bytes.count
        byteCount += count
        rowCount += 1
        guard count <= chunkBytesMax, byteCount <= Self.bytesMax else {
            throw Refusal(
                .resultTooLarge,
                "the answer has \(byteCount >> 20) MiB after \(rowCount) rows; narrow the time range, the columns or the limit"
            )
        }
        var full: Payload?
        if bytes.count + count > chunkBytesMax { full = takeChunk() }
        bytes.append(contentsOf: row.bytes)
        ends.append(bytes.count)
        return full
    }

    /// What is left as a chunk of its own, once there were chunks; nil when everything fits one message.
    mutating func lastChunk() -> Payload? {
        chunkCount > 0 ? takeChunk() : nil
    }

    /// The final answer: the rows in ascending order, or after chunks what the client needs to put them together.
    func final() -> Payload {
        guard chunkCount == 0 else {
            let summary: Value = [
                "chunked": true, "chunkCount": .integer(Int64(chunkCount)), "totalRows": .integer(Int64(rowCount)),
                "order": "asc",
            ]
            return Payload([summary], serializer: serializer)
        }
        var writer = ValueWriter(serializer)
        writer.bytes.reserveCapacity(bytes.count + ends.count + 16)
        writer.beginList(1)
        writeRows(&writer, newestFirst: false)
        writer.endList()
        return Payload(serializer: serializer, arguments: writer.bytes)
    }

    /// `[index, [row, …]]`, newest first.
    private mutating func takeChunk() -> Payload {
        var writer = ValueWriter(serializer)
        writer.bytes.reserveCapacity(bytes.count + ends.count + 16)
        writer.beginList(2)
        writer.integer(Int64(chunkCount))
        writeRows(&writer, newestFirst: true)
        writer.endList()
        chunkCount += 1
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        return Payload(serializer: serializer, arguments: writer.bytes)
    }

    private func writeRows(_ writer: inout ValueWriter, newestFirst: Bool) {
        writer.beginList(ends.count)
        for position in ends.indices {
            let index = newestFirst ? position : ends.count - 1 - position
            let start = index == 0 ? 0 : ends[index - 1]
            writer.raw(bytes.span.extracting(start..<ends[index]))
        }
        writer.endList()
    }
}
