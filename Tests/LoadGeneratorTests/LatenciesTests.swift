import Testing

@testable import LoadGenerator

@Suite struct LatenciesTests {
    @Test func `percentiles are right to 3 percent`() {
        var latencies = Latencies()
        for microseconds in 1...10_000 { latencies.record(nanoseconds: UInt64(microseconds) * 1000) }
        for (share, expected) in [(0.5, 5_000.0), (0.9, 9_000), (0.99, 9_900), (0.999, 9_990)] {
            let found = latencies.percentile(share) / .microseconds(1)
            #expect(found >= expected && found <= expected * 1.04, "\(share): \(found)")
        }
        #expect(latencies.max == .milliseconds(10))
    }

    @Test func `two halves merged are the whole`() {
        var whole = Latencies()
        var halves = (Latencies(), Latencies())
        for number in UInt64(0)..<1000 {
            whole.record(nanoseconds: number * number)
            if number % 2 == 0 {
                halves.0.record(nanoseconds: number * number)
            } else {
                halves.1.record(nanoseconds: number * number)
            }
        }
        halves.0.merge(halves.1)
        #expect(halves.0.count == whole.count && halves.0.max == whole.max)
        #expect(halves.0.percentile(0.75) == whole.percentile(0.75))
    }

    @Test(arguments: [0, 31, 32, 1 << 40, .max] as [UInt64])
    func `any duration has its place`(_ nanoseconds: UInt64) {
        var latencies = Latencies()
        latencies.record(nanoseconds: nanoseconds)
        let found = latencies.percentile(1) / .nanoseconds(1)
        #expect(found >= Double(nanoseconds) && found <= Double(nanoseconds) * 1.04 + 1)
    }

    @Test func `nothing has no percentile`() {
        #expect(Latencies().percentile(0.5) == .zero)
    }
}
