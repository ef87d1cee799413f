import LoadGenerator
import Testing

@testable import Appliance

@Suite struct BenchModeTests {
    /// Mode, and how many wait and act of 4 peers in each of 2 realms.
    @Test(
        arguments: [
            (.rpc, 2, 8), (.fanout, 8, 2), (.fanin, 2, 8), (.ack, 0, 8), (.sparse, 8, 2), (.idle, 0, 8),
            (.join, 0, 0), (.append, 0, 8),
        ] as [(BenchMode, Int, Int)])
    func `those who wait connect before those who act`(_ mode: BenchMode, _ waiting: Int, _ acting: Int) {
        let roles = mode.plan(peers: 4, depth: 16, rate: 10, realms: 2).roles
        let waits = roles.map { $0.kind == .callee || $0.kind == .subscriber }
        #expect(waits == Array(repeating: true, count: waiting) + Array(repeating: false, count: acting))
        #expect(Set(roles.map(\.realm)).count == (roles.isEmpty ? 0 : 2))
    }

    @Test func `a publication reaches all subscribers, or with many topics one of them`() {
        #expect(BenchMode.fanout.plan(peers: 100, depth: 1, rate: 1).deliveriesPerPublication == 100)
        let topics = BenchMode.fanout.plan(peers: 10, depth: 1, rate: 1, topics: 1000)
        #expect(topics.deliveriesPerPublication == 1 && topics.topicCount == 1000)
    }
}

@Suite struct ProgressLineTests {
    @Test(
        arguments: [
            (.connecting(3, of: 10), "connecting: 3 of 10"), (.warmingUp, "warming up"),
            (
                .measuring(window: 2, of: 5, perSecond: 1234.5, p50: .microseconds(67)),
                "window 2 of 5: 1234 a second, p50 67 µs"
            ),
        ] as [(LoadProgress, String)])
    func `a line tells how far a measurement is`(_ progress: LoadProgress, _ text: String) {
        #expect(ProgressLine.text(progress) == text)
    }
}
