#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The time of day and the passing of time, in one value, so that a test has both in its hand.
package struct AlarmClock: Sendable {
    package var now: @Sendable () -> Timestamp
    /// Returns when so much time has passed; throws when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's.
    package static let system = AlarmClock(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        },
        sleep: { try await Task.sleep(for: $0, clock: .continuous) })
}
