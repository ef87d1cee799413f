import Foundation

/// What the pure parts are given instead of reading a clock or drawing a number themselves.
package struct TimeAndChance: Sendable {
    /// Seconds since 1970, UTC. May jump when the clock is set.
    package var wallSeconds: @Sendable () -> Int64
    /// Since some fixed moment; never jumps.
    package var monotonic: @Sendable () -> Duration
    /// So many bytes that nobody can guess.
    package var randomBytes: @Sendable (Int) -> [UInt8]
    package var sleep: @Sendable (Duration) async -> Void

    package init(
        wallSeconds: @escaping @Sendable () -> Int64, monotonic: @escaping @Sendable () -> Duration,
        randomBytes: @escaping @Sendable (Int) -> [UInt8], sleep: @escaping @Sendable (Duration) async -> Void
    ) {
        self.wallSeconds = wallSeconds
        self.monotonic = monotonic
        self.randomBytes = randomBytes
        self.sleep = sleep
    }
}

extension TimeAndChance {
    /// The clocks of this machine, and the operating system's random numbers.
    package static var system: TimeAndChance {
        let clock = ContinuousClock()
        let start = clock.now
        return TimeAndChance(
            wallSeconds: { Int64(Date().timeIntervalSince1970) },
            monotonic: { start.duration(to: clock.now) },
            randomBytes: { count in
                var generator = SystemRandomNumberGenerator()
                return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            },
            // A cancelled sleep ends early, and so does the answer that was waiting for it.
            sleep: { try? await Task.sleep(for: $0) })
    }

    /// A secret of 256 bits in 43 letters that survive a shell, a URL and a YAML file unquoted.
    package func secret() -> String { Base64URL.encode(randomBytes(32)) }
}
