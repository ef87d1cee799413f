// Failed attempts cost time: five wrong answers within a minute, and the pair of address and subject is refused for
// fifteen minutes, right answers included. Pure: the clock is passed in, and memory is bounded.
//
// An attempt counts when its verdict is known, and verdicts come one at a time. So a hundred guesses sent at once get
// five verdicts and ninety-five refusals, without anybody having to count what is under way.

import Crypto
import Foundation

/// Counts failed attempts, per network and subject, for WAMP and HTTP together.
package struct AttemptLimiter: Sendable {
    package struct Limits: Sendable, Hashable {
        /// So many failures within the window are answered; the next attempt is refused.
        package var failuresMax: Int
        package var window: Duration
        package var block: Duration
        /// At most so many pairs are remembered.
        package var entriesMax: Int

        package init(
            failuresMax: Int = 5, window: Duration = .seconds(60), block: Duration = .seconds(900),
            entriesMax: Int = 16_384
        ) {
            self.failuresMax = failuresMax
            self.window = window
            self.block = block
            self.entriesMax = entriesMax
        }
    }

    /// Who tries, and whose credential is tried.
    struct Key: Sendable, Hashable {
        let network: String
        let subject: Subject

        /// - Parameters:
        ///   - address: of the peer; an IPv6 address counts as its /64, which is what one customer line gets.
        ///   - subject: `Identity.subject`, or a name as it was typed.
        init(address: String, subject: String) {
            network = NetworkPrefix.of(address)
            self.subject = Subject(subject)
        }
    }

    /// Whose credential is tried, as a digest: names are as long as whoever tries them likes.
    struct Subject: Sendable, Hashable {
        private let digest: SHA256.Digest

        /// Upper and lower case, composed and decomposed are the same; what is too long to be a name is itself.
        init(_ name: String) {
            // Composing takes time that grows with the square of the length.
            let isName = name.utf8.count <= SASLprep.byteCountMax
            let folded = isName ? name.lowercased().precomposedStringWithCanonicalMapping : name
            digest = SHA256.hash(data: Data(folded.utf8))
        }
    }

    private struct Entry: Sendable {
        var failures: Int
        var windowStart: Duration
        var blockedUntil: Duration?
    }

    let limits: Limits
    private var entries: [Key: Entry] = [:]

    init(_ limits: Limits = Limits()) { self.limits = limits }

    var count: Int { entries.count }

    /// The verdict on an attempt whose answer has been compared.
    ///
    /// - Parameters:
    ///   - isRight: whether the secret was the right one.
    ///   - now: monotonic.
    /// - Returns: whether the attempt is accepted: right, and not one too many.
    mutating func verdict(_ isRight: Bool, for key: Key, now: Duration) -> Bool {
        var entry = entries[key] ?? Entry(failures: 0, windowStart: now)
        if let end = entry.blockedUntil {
            if now < end { return false }
            entry = Entry(failures: 0, windowStart: now)
        } else if now - entry.windowStart >= limits.window {
            entry = Entry(failures: 0, windowStart: now)
        }
        if isRight {
            entries[key] = nil
            return true
        }
        entry.failures += 1
        if entry.failures >= limits.failuresMax { entry.blockedUntil = now + limits.block }
        if entries[key] == nil { makeRoom(now: now) }
        entries[key] = entry
        return false
    }

    func isBlocked(_ key: Key, now: Duration) -> Bool {
        entries[key]?.blockedUntil.map { now < $0 } ?? false
    }

    /// Forgets what was held against a subject: an administrator has just given it a new credential.
    mutating func forgive(subject: String) {
        let subject = Subject(subject)
        entries = entries.filter { $0.key.subject != subject }
    }

    /// Drops what has run out; when nothing has, the entry with the fewest failures, blocked ones last.
    private mutating func makeRoom(now: Duration) {
        guard entries.count >= limits.entriesMax else { return }
        entries = entries.filter { _, entry in
            if let end = entry.blockedUntil { now < end } else { now - entry.windowStart < limits.window }
        }
        guard entries.count >= limits.entriesMax else { return }
        let least = entries.min { one, other in
            (one.value.failures, one.value.windowStart) < (other.value.failures, other.value.windowStart)
        }
        if let least { entries[least.key] = nil }
    }
}

/// The part of an address that one attacker cannot change at will.
enum NetworkPrefix {
    /// The address itself, or the first 64 bits of an IPv6 address; what cannot be read stands for itself.
    static func of(_ address: String) -> String {
        let bare = address.split(separator: "%", maxSplits: 1).first.map(String.init) ?? address
        guard bare.contains(":") else { return bare }
        let halves = bare.components(aroundFirst: "::")
        var groups = halves.head.split(separator: ":").map { group(String($0)) }
        if let tail = halves.tail {
            var last = tail.split(separator: ":").map { group(String($0)) }
            // `::ffff:10.0.0.5` is the IPv4 address 10.0.0.5.
            if let dotted = tail.split(separator: ":").last, dotted.contains(".") {
                if groups.isEmpty && last.count == 2 && last.first == "ffff" { return String(dotted) }
                last.append("")
            }
            groups += Array(repeating: "0", count: max(0, 8 - groups.count - last.count)) + last
        }
        return groups.prefix(4).joined(separator: ":") + "::/64"
    }

    /// A group without leading zeros, in lower case.
    private static func group(_ text: String) -> String {
        let digits = text.lowercased().drop { $0 == "0" }
        return digits.isEmpty ? "0" : String(digits)
    }
}

extension String {
    fileprivate func components(aroundFirst separator: String) -> (head: Substring, tail: Substring?) {
        guard let range = self.firstRange(of: separator) else { return (self[...], nil) }
        return (self[..<range.lowerBound], self[range.upperBound...])
    }
}
