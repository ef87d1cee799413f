import WAMP

/// A URI that is kept: its UTF-8 bytes, compared as such, and its text for those who show it.
struct URIBytes: Hashable, Sendable {
    let bytes: [UInt8]
    let text: String

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    var count: Int { bytes.count }

    func isEqual(to other: Span<UInt8>) -> Bool {
        guard bytes.count == other.count else { return false }
        for index in bytes.indices where bytes[index] != other[index] { return false }
        return true
    }

    var components: [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    }

    static func == (lhs: URIBytes, rhs: URIBytes) -> Bool { lhs.bytes == rhs.bytes }
    func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
