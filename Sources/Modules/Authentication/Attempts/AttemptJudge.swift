// Where every verdict on a secret is spoken, for WAMP and HTTP alike: one limiter, one answer, one duration.

package import Logging
import ModuleKit
import Synchronization

/// Speaks the verdicts, and makes all refusals look alike.
package final class AttemptJudge: AttemptJudging {
    /// All that anybody learns of why an attempt was refused.
    package static let refusal = "The name or the secret is not right, or it may not be used here now."

    private let limiter: Mutex<AttemptLimiter>
    private let time: TimeAndChance
    private let refusalDelay: Duration
    private let logger: Logger

    package init(_ policy: AttemptPolicy, time: TimeAndChance, logger: Logger) {
        limiter = Mutex(AttemptLimiter(policy.limits))
        self.time = time
        refusalDelay = policy.refusalDelay
        self.logger = logger
    }

    package func begin() -> Duration { time.monotonic() }

    package func verdict(
        _ isRight: Bool, from address: String, on subject: String, since start: Duration
    ) async -> Bool {
        let key = AttemptLimiter.Key(address: address, subject: subject)
        let now = time.monotonic()
        let (accepted, startsBlock) = limiter.withLock { limiter in
            let wasBlocked = limiter.isBlocked(key, now: now)
            let accepted = limiter.verdict(isRight, for: key, now: now)
            return (accepted, !wasBlocked && limiter.isBlocked(key, now: now))
        }
        if startsBlock {
            logger.warning(
                "too many failed attempts, further ones are refused for a while",
                metadata: .facts([.peer: key.network, .authid: LoggableName.of(subject)]))
        }
        if !accepted { await refuse(since: start) }
        return accepted
    }

    package func mayGoOn(from address: String, on subject: String, since start: Duration) async -> Bool {
        let key = AttemptLimiter.Key(address: address, subject: subject)
        let now = time.monotonic()
        guard limiter.withLock({ $0.isBlocked(key, now: now) }) else { return true }
        await refuse(since: start)
        return false
    }

    package func refuse(since start: Duration) async {
        let left = start + refusalDelay - time.monotonic()
        if left > .zero { await time.sleep(left) }
    }

    package func forgive(_ subject: String) {
        limiter.withLock { $0.forgive(subject: subject) }
    }
}

/// A name from outside as a log may show it: only if it looks like a name. People type passwords into name fields.
package enum LoggableName {
    package static func of(_ name: String) -> String {
        let isName =
            name.utf8.count <= 64
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0)
                    || [0x2D, 0x2E, 0x2F, 0x3A, 0x5F, 0x40].contains($0)
            }
        return isName && !name.isEmpty ? name : "(not a name)"
    }
}
