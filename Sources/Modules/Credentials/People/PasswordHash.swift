import Authentication
import Foundation
import _CryptoExtras

/// A password as it is stored: scrypt (RFC 7914) in the PHC notation, `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`.
///
/// The costs stand in the text, so that they can be raised later without anybody's password ceasing to work.
struct PasswordHash: Sendable, Hashable, CustomStringConvertible {
    /// What hashing costs: memory is 128 · r · 2^ln bytes, time is in proportion.
    struct Cost: Sendable, Hashable {
        var logRounds: Int
        var blockSize: Int
        var parallelism: Int

        init(logRounds: Int, blockSize: Int, parallelism: Int) {
            self.logRounds = logRounds
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// 32 MiB, and about a tenth of a second on the reference machine.
        static let standard = Cost(logRounds: 15, blockSize: 8, parallelism: 1)

        /// What `init?(_:)` accepts: a damaged database must not make us allocate gigabytes.
        var isBearable: Bool {
            (1...20).contains(logRounds) && (1...16).contains(blockSize) && (1...4).contains(parallelism)
        }
    }

    let cost: Cost
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// - Parameter salt: 16 random bytes.
    init(password: String, salt: [UInt8], cost: Cost = .standard) throws {
        self.cost = cost
        self.salt = salt
        hash = try Self.derive(password, salt, cost)
    }

    /// Reads the stored text; nil when it is not one.
    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        let costs = parts[2].split(separator: ",").map { $0.split(separator: "=") }
        guard costs.map(\.first) == ["ln", "r", "p"] else { return nil }
        let numbers = costs.compactMap { $0.count == 2 ? Int($0[1]) : nil }
        guard numbers.count == 3 else { return nil }
        cost = Cost(logRounds: numbers[0], blockSize: numbers[1], parallelism: numbers[2])
        guard cost.isBearable, let salt = Base64URL.decode(parts[3]), let hash = Base64URL.decode(parts[4]),
            salt.count == 16, hash.count == 32
        else { return nil }
        self.salt = salt
        self.hash = hash
    }

    var description: String {
        let costs = "ln=\(cost.logRounds),r=\(cost.blockSize),p=\(cost.parallelism)"
        return "$scrypt$\(costs)$\(Base64URL.encode(salt))$\(Base64URL.encode(hash))"
    }

    /// Costs what `init` costs, whatever the password.
    func matches(_ password: String) -> Bool {
        guard let other = try? Self.derive(password, salt, cost) else { return false }
        return isSameSecret(Base64URL.encode(hash), Base64URL.encode(other))
    }

    private static func derive(_ password: String, _ salt: [UInt8], _ cost: Cost) throws -> [UInt8] {
        // The same characters typed on another keyboard may come composed otherwise.
        let bytes = Data(password.precomposedStringWithCanonicalMapping.utf8)
        return try KDF.Scrypt.deriveKey(
            from: bytes, salt: Data(salt), outputByteCount: 32, rounds: 1 << cost.logRounds, blockSize: cost.blockSize,
            parallelism: cost.parallelism
        ).withUnsafeBytes { Array($0) }
    }
}
