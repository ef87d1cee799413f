import Dispatch
import Synchronization

/// Hashes one password after the other, on a thread of its own: a tenth of a second each would hold up everything
/// else. Who comes while too many wait is turned away, before any hashing.
final class PasswordHasher: Sendable {
    struct Busy: Error {}

    private let queue = DispatchQueue(label: "gantry.credentials.passwords")
    private let waiting = Mutex(0)
    private let waitingMax: Int
    let cost: PasswordHash.Cost

    init(cost: PasswordHash.Cost = .standard, waitingMax: Int = 16) {
        self.cost = cost
        self.waitingMax = waitingMax
    }

    func hash(_ password: String, salt: [UInt8]) async throws -> PasswordHash {
        let cost = cost
        return try await run { try PasswordHash(password: password, salt: salt, cost: cost) }
    }

    /// Nil compares with a password that nobody has, in the same time.
    func matches(_ password: String, _ hash: PasswordHash?, salt: [UInt8]) async throws -> Bool {
        let cost = cost
        return try await run {
            guard let hash else {
                _ = try PasswordHash(password: password, salt: salt, cost: cost)
                return false
            }
            return hash.matches(password)
        }
    }

    private func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        let hasRoom = waiting.withLock { count in
            guard count < waitingMax else { return false }
            count += 1
            return true
        }
        guard hasRoom else { throw Busy() }
        defer { waiting.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: work)) }
        }
    }
}
