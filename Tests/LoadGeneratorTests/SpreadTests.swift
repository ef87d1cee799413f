import Testing

@testable import LoadGenerator

@Suite struct SpreadTests {
    @Test(arguments: [([3], 3), ([1, 9], 5), ([7, 1, 2], 2), ([4, 1, 3, 2], 2.5)] as [([Double], Double)])
    func `the median is the middle, or between the two middles`(_ values: [Double], _ median: Double) throws {
        let spread = try #require(Spread(values))
        #expect(spread.median == median)
        #expect(spread.least == values.min() && spread.most == values.max())
    }

    @Test func `no figures have no median`() {
        #expect(Spread([]) == nil)
        #expect(Spread([.nan, .infinity]) == nil)
    }
}
