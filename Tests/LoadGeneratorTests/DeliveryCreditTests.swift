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
