import WAMP

/// The keys of a table's rows, encoded once: every row that comes in or goes out has the same ones.
///
/// One array holds them all, so that walking a row's columns touches no reference count.
struct RowKeys: Sendable, Hashable {
    let serializer: Serializer
    private let bytes: [UInt8]
    /// Where each key ends in `bytes`.
    private let ends: [Int]

    init(_ names: some Sequence<String>, _ serializer: Serializer) {
        self.serializer = serializer
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for name in names {
            var writer = ValueWriter(serializer)
            writer.key(name)
            bytes += writer.bytes
            ends.append(bytes.count)
        }
        self.bytes = bytes
        self.ends = ends
    }

    var count: Int { ends.count }

    /// Whether a key comes next at a cursor, which then stands behind it.
    @inline(__always)
    func isNext(_ index: Int, _ cursor: inout Cursor, _ bytes: Span<UInt8>) -> Bool {
        let start = index == 0 ? 0 : ends[index - 1]
        return cursor.pass(key: self.bytes.span.extracting(start..<ends[index]), bytes)
    }

    /// Writes a key into a writer of the same serializer; its value must follow.
    @inline(__always)
    func write(_ index: Int, to writer: inout ValueWriter) {
        let start = index == 0 ? 0 : ends[index - 1]
        writer.key(encoded: bytes.span.extracting(start..<ends[index]))
    }
}
