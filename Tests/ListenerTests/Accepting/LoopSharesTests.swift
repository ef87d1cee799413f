import Testing

@testable import Listener

@Suite struct LoopSharesTests {
    /// Accepts connections one after the other, each on the loop whose turn it is.
    private func accept(_ count: Int, _ shares: inout LoopShares) {
        for _ in 0..<count { shares.accepted(on: shares.turn) }
    }

    @Test(arguments: [
        (1, [1, 0, 0]), (16, [16, 0, 0]), (17, [16, 1, 0]), (40, [16, 16, 8]), (48, [16, 16, 16]),
        (49, [16, 16, 17]), (100, [32, 36, 32]),
    ])
    func `loops are filled in blocks`(count: Int, expected: [Int]) {
        var shares = LoopShares(loopCount: 3)
        accept(count, &shares)
        #expect(shares.counts == expected)
    }

    @Test func `one loop takes everything`() {
        var shares = LoopShares(loopCount: 1)
        accept(1_000, &shares)
        #expect(shares.counts == [1_000])
    }

    @Test func `a loop that has lost its connections is filled again before another takes a further block`() {
        var shares = LoopShares(loopCount: 2)
        accept(32, &shares)
        for _ in 0..<10 { shares.closed(on: 1) }
        accept(16, &shares)
        #expect(shares.counts == [16, 22])
    }

    @Test func `what came out of turn counts where it is`() {
        var shares = LoopShares(loopCount: 2)
        for _ in 0..<20 { shares.accepted(on: 0) }
        #expect(shares.turn == 1)
        accept(20, &shares)
        #expect(shares.counts == [20, 20])
    }

    @Test func `a turn comes back`() {
        var shares = LoopShares(loopCount: 2)
        accept(16, &shares)
        #expect(shares.turn == 1)
        for _ in 0..<16 { shares.closed(on: 0) }
        accept(16, &shares)
        #expect(shares.counts == [0, 16])
        #expect(shares.turn == 0)
    }
}
