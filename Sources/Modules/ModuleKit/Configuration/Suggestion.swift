// "Did you mean …?": the nearest of the words that would have been right.

/// Finds the word that was probably meant.
enum Suggestion {
    /// `did you mean "port"?`, when a candidate is near enough to what was written; the first of equals wins.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let written = Array(word.lowercased().unicodeScalars.prefix(64))
        let allowance = max(1, written.count / 3)
        var best: (distance: Int, word: String)?
        for candidate in candidates {
            let distance = distance(written, Array(candidate.lowercased().unicodeScalars.prefix(64)))
            if distance <= allowance && distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best.map { "did you mean \"\($0.word)\"?" }
    }

    /// How many letters must be inserted, removed, replaced or swapped with their neighbour (optimal string alignment).
    static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            row.reserveCapacity(b.count + 1)
            for j in b.indices {
                var least = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] { least = min(least, beforeLast[j - 1] + 1) }
                row.append(least)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
