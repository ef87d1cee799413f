// Hashing and comparing a `String` sorts each run of combining marks, in time that grows with the square of its length:
// a few hundred kilobytes of marks would keep a processor busy for minutes. So texts from outside come in Unicode's
// Stream-Safe Text Format (UAX #15, section 13), in which no run is longer than any real text has one.
// (Nearly: the format counts what characters decompose to, which makes no run much longer.)

extension String {
    /// The longest run of combining marks that a text from outside keeps.
    private static let marksMax = 30
    /// U+034F, which has no effect on what is shown.
    private static let graphemeJoiner: Unicode.Scalar = "\u{34F}"

    /// The text of UTF-8 bytes, with a combining grapheme joiner behind each 30 combining marks in a row.
    package init(streamSafe utf8: Span<UInt8>) {
        self.init(streamSafe: utf8.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) })
    }

    /// The same for a text that somebody else has decoded.
    package init(streamSafe text: String) {
        self = text
        // A mark takes two bytes or more.
        if text.utf8.count > Self.marksMax * 2, !isStreamSafe { makeStreamSafe() }
    }

    private var isStreamSafe: Bool {
        if utf8.allSatisfy({ $0 < 0x80 }) { return true }
        var run = 0
        for scalar in unicodeScalars {
            run = scalar.isMark ? run + 1 : 0
            if run > Self.marksMax { return false }
        }
        return true
    }

    private mutating func makeStreamSafe() {
        var safe = String.UnicodeScalarView()
        var run = 0
        for scalar in unicodeScalars {
            run = scalar.isMark ? run + 1 : 0
            if run > Self.marksMax {
                safe.append(Self.graphemeJoiner)
                run = 1
            }
            safe.append(scalar)
        }
        self = String(safe)
    }
}

extension Unicode.Scalar {
    /// Whether normalization may move it: it is no starter. The first mark is U+0300.
    fileprivate var isMark: Bool { value >= 0x300 && properties.canonicalCombiningClass != .notReordered }
}
