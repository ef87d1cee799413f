import Testing

@testable import LoadGenerator

@Suite struct DeliveryCreditTests {
    @Test func `a publisher sends as many publications as its window has, and one more for each that has arrived`() {
        var credit = DeliveryCredit(window: 3, deliveriesPerPublication: 2)
        #expect(publications(&credit) == 3)
        credit.delivered()
        #expect(!credit.mayPublish, "one of two subscribers has it")
        credit.delivered()
        #expect(publications(&credit) == 1)
    }

    @Test func `what is lost is counted, and the window is open again`() {
        var credit = DeliveryCredit(window: 2, deliveriesPerPublication: 10)
        #expect(publications(&credit) == 2)
        for _ in 0..<15 { credit.delivered() }
        #expect(credit.giveUp() == 5)
        #expect(credit.outstanding == 0)
        #expect(publications(&credit) == 2)
    }

    @Test func `deliveries of nothing that was sent do not widen the window`() {
        var credit = DeliveryCredit(window: 1, deliveriesPerPublication: 1)
        for _ in 0..<5 { credit.delivered() }
        #expect(publications(&credit) == 1)
    }

    private func publications(_ credit: inout DeliveryCredit) -> Int {
        var count = 0
        while credit.mayPublish, count < 100 {
            credit.published()
            count += 1
        }
        return count
    }
}

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
