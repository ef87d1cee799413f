// Names and passwords in one form, whatever keyboard they were typed on: RFC 4013, a profile of stringprep (RFC 3454).
//
// Normalization is that of the system's Unicode, newer than 3.2; the two agree on what 3.2 assigned, but for a handful of
// corrected characters.

import Foundation

package enum SASLprep {
    /// Longer texts are no names and no passwords.
    package static let byteCountMax = 1024

    /// What a text is for. RFC 3454, section 7: "Unassigned Code Points in Stringprep Profiles".
    package enum Use: Sendable {
        /// Kept here, and compared with: nothing that Unicode 3.2 did not know, because nobody knows its normal form.
        case stored
        /// Asked for by somebody whose Unicode may be newer.
        case query
    }

    /// The prepared form; nil when the text may not be used.
    package static func prepare(_ text: String, as use: Use) -> String? {
        guard text.utf8.count <= byteCountMax else { return nil }
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
        var mapped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !CodePointTable.mappedToNothing.contains(scalar) {
            mapped.append(CodePointTable.spaces.contains(scalar) ? " " : scalar)
        }
        // Before normalization, which may make something known of what is not.
        guard use == .query || !mapped.contains(where: CodePointTable.unassigned.contains) else { return nil }
        let normalized = String(mapped).precomposedStringWithCompatibilityMapping
        let scalars = normalized.unicodeScalars
        guard !scalars.contains(where: CodePointTable.prohibited.contains), isOneDirection(scalars) else { return nil }
        return normalized
    }

    /// RFC 3454 section 6: what reads from right to left begins and ends so, and has nothing of the other direction.
    private static func isOneDirection(_ scalars: String.UnicodeScalarView) -> Bool {
        guard scalars.contains(where: CodePointTable.rightToLeft.contains) else { return true }
        guard let first = scalars.first, let last = scalars.last else { return true }
        return CodePointTable.rightToLeft.contains(first) && CodePointTable.rightToLeft.contains(last)
            && !scalars.contains(where: CodePointTable.leftToRight.contains)
    }
}
