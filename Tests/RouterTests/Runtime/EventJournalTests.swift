import Testing
import WAMP

@testable import Router

@Suite struct EventJournalTests {
    private static let quick = EventJournal.Pace(delayMilliseconds: 1, retryMilliseconds: 5)

    private func sequences(_ folder: EventFolder, _ realm: String = "r") throws -> [UInt64] {
        try folder.store().contents(of: realm).events.map(\.event.sequence)
    }

    @Test func `nothing kept, no file`() async throws {
        let folder = try EventFolder()
        let journal = folder.journal()
        #expect(journal.contents(of: "r")?.isEmpty == true)
        journal.attach("r") { [] }
        await journal.close()
        #expect(!folder.hasFile)
    }

    @Test func `what cannot be read is not written to`() async throws {
        let folder = try EventFolder()
        try folder.spoil()
        let journal = folder.journal(Self.quick)
        #expect(journal.contents(of: "r") == nil)
        await journal.close()
    }

    @Test func `an orderly end writes everything that waits`() async throws {
        let folder = try EventFolder()
        let journal = folder.journal(.init(delayMilliseconds: 3_600_000))
        for number in 1...1000 { journal.append([.kept(KeptEvent(UInt64(number)), .history)], of: "r") }
        await journal.close()
        #expect(try sequences(folder) == Array(1...1000))
        journal.append([.kept(KeptEvent(1001), .history)], of: "r")
        await journal.close()
        #expect(try sequences(folder).count == 1000)
    }

    @Test func `realms that are gone for good are forgotten, and no others`() async throws {
        let folder = try EventFolder()
        let before = folder.journal(Self.quick)
        before.forgetRealms { _ in true }
        for realm in ["gone", "r", "realm-3-5-prod"] { before.append([.kept(KeptEvent(1), .history)], of: realm) }
        await before.close()
        let journal = folder.journal(Self.quick)
        journal.forgetRealms { $0 == "gone" }
        #expect(journal.contents(of: "gone")?.isEmpty == true)
        #expect(journal.contents(of: "r")?.count == 1 && journal.contents(of: "realm-3-5-prod")?.count == 1)
        await journal.close()
        #expect(try folder.store().realms().map(\.uri) == ["r", "realm-3-5-prod"])
    }

    @Test func `what waits is written soon, without an end`() async throws {
        let folder = try EventFolder()
        let journal = folder.journal(Self.quick)
        journal.append([.kept(KeptEvent(1), .history), .kept(KeptEvent(1), .retained)], of: "r")
        try await until { journal.contents(of: "r")?.count == 2 }
        journal.append([.dropped(sequence: 1, .retained)], of: "r")
        try await until { journal.contents(of: "r")?.count == 1 }
        await journal.close()
    }

    @Test func `when the disk works again, realms are written as they are then`() async throws {
        let folder = try EventFolder(isThere: false)
        let journal = folder.journal(Self.quick)
        journal.attach("r") {
            journal.discard("r")
            return [.kept(KeptEvent(5), .history)]
        }
        journal.append([.kept(KeptEvent(1), .history)], of: "r")
        try await until { journal.isFailing }
        // While it fails, changes are not collected: the realm knows them.
        for number in 2...100 { journal.append([.kept(KeptEvent(UInt64(number)), .history)], of: "r") }
        try folder.make()
        try await until { journal.contents(of: "r")?.isEmpty == false }
        journal.append([.kept(KeptEvent(200), .history)], of: "r")
        await journal.close()
        let written = try sequences(folder)
        #expect(written.contains(5) && written.last == 200)
        #expect(!written.contains(1))
        #expect(!journal.isFailing)
    }

    /// Waits for something that happens on the journal's queue.
    private func until(_ isDone: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while !isDone() {
            try #require(ContinuousClock.now < end, "it did not happen in 30 s")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test func `what came and went while it waited is no more than may wait`() async throws {
        let folder = try EventFolder()
        let journal = folder.journal(.init(delayMilliseconds: 3_600_000, pendingBytesMax: 50_000))
        journal.attach("r") {
            Issue.record("nothing had to be given up")
            return []
        }
        for number in 1...1000 {
            journal.append([.kept(KeptEvent(UInt64(number)), .history)], of: "r")
            if number > 10 { journal.append([.dropped(sequence: UInt64(number) - 10, .history)], of: "r") }
        }
        await journal.close()
        #expect(try sequences(folder) == Array(991...1000))
    }

    @Test func `more than may wait is thrown away, and the realm is written whole`() async throws {
        let folder = try EventFolder()
        let journal = folder.journal(.init(delayMilliseconds: 3_600_000, pendingBytesMax: 5000))
        journal.attach("r") {
            journal.discard("r")
            return [.kept(KeptEvent(77), .retained)]
        }
        journal.append([.kept(KeptEvent(1), .history)], of: "s")
        for number in 1...100 { journal.append([.kept(KeptEvent(UInt64(number)), .history)], of: "r") }
        await journal.close()
        #expect(try sequences(folder) == [77])
        #expect(try sequences(folder, "s") == [1])
    }
}
