// What a string token stands for, copied out of the frame. The token must be of the same frame.

extension Cursor {
    /// The text of a `.string` token or a key, in the Stream-Safe Text Format.
    package func string(_ token: StringToken, _ bytes: Span<UInt8>) -> String {
        guard token.isEscaped else { return String(streamSafe: bytes.extracting(token.range.range)) }
        return String(streamSafe: unescaped(token, bytes).span)
    }

    /// The contents of any string token: the UTF-8 of a text, the bytes of a byte string.
    package func unescaped(_ token: StringToken, _ bytes: Span<UInt8>) -> [UInt8] {
        let range = token.range.range
        var contents: [UInt8] = []
        switch token.form {
        case .plain:
            append(bytes, range, to: &contents)
        case .escapedText:
            // Escapes are never shorter than what they stand for.
            contents.reserveCapacity(range.count)
            JSONEscape.forEachPiece(
                of: range, bytes,
                plain: { append(bytes, $0, to: &contents) }, escaped: { JSONEscape.append($0, to: &contents) })
        case .base64:
            contents.reserveCapacity(range.count / 4 * 3)
            Base64.append(decodingJSON: token, bytes, to: &contents)
        case .chunks:
            contents.reserveCapacity(range.count)
            CBORReader.forEachChunk(of: range, bytes) { append(bytes, $0, to: &contents) }
        }
        return contents
    }

    private func append(_ bytes: Span<UInt8>, _ range: Range<Int>, to contents: inout [UInt8]) {
        contents.append(bytes.extracting(range))
    }
}
