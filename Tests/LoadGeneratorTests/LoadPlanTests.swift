import Testing

@testable import LoadGenerator

@Suite struct LoadRoleTests {
    @Test func `peers of a kind are numbered through all realms`() {
        let roles = LoadRole.make(.publisher, 2, inEachOf: 3)
        #expect(roles.map(\.number) == [0, 1, 2, 3, 4, 5])
        #expect(roles.map(\.realm) == [0, 0, 1, 1, 2, 2])
    }

    @Test(arguments: [(50, 100_000, 50), (50, 10, 10), (3, 10, 3), (1, 7, 1)])
    func `every topic has one subscriber, and the subscribers have about as many`(
        _ count: Int, _ topicCount: Int, _ subscriberCount: Int
    ) {
        let roles = LoadRole.subscribers(count, sharing: topicCount)
        #expect(roles.count == subscriberCount)
        #expect(roles.flatMap(\.topics) == Array(0..<topicCount))
    }
}
