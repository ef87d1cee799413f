import Testing

@testable import LoadGenerator

@Suite struct OpenLoopScheduleTests {
    @Test func `what was due while nobody asked is due at once`() {
        var schedule = OpenLoopSchedule(perSecond: 1000, start: 5_000_000_000)
        #expect(schedule.due(at: 5_000_000_000) == 0)
        #expect(schedule.due(at: 5_001_000_000) == 1)
        #expect(schedule.due(at: 5_001_500_000) == 0)
        #expect(schedule.due(at: 5_011_000_000) == 10)
        #expect(schedule.due(at: 4_000_000_000) == 0, "a clock that goes back asks for nothing")
        #expect(schedule.due(at: 6_000_000_000) == 989)
    }

    @Test(arguments: [(1, 1_000_000_000), (1000, 1_000_000), (1_000_000, 500_000)] as [(Double, Int64)])
    func `the timer is as fast as the rate, and no faster than timers are`(_ rate: Double, _ interval: Int64) {
        #expect(OpenLoopSchedule(perSecond: rate, start: 0).intervalNanoseconds == interval)
    }
}
