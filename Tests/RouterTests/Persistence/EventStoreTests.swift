import GRDB
import Testing
import WAMP

@testable import Router

@Suite struct EventStoreTests {
    private let folder: EventFolder

    init() throws { folder = try EventFolder() }

    private func line(_ realm: String, _ change: KeptEventChange) -> EventStore.RealmChange {
        EventStore.RealmChange(realm: realm, change: change)
    }

    private func sequences(_ store: EventStore, _ realm: String = "r") throws -> [String] {
        try store.contents(of: realm).events.map { "\($0.shelf) \($0.event.sequence)" }
    }

    @Test(arguments: Serializer.allCases)
    func `an event comes back as it went`(serializer: Serializer) throws {
        var options = PublishOptions()
        options.eligibleAuthRole = ["operator"]
        options.excludeAuthID = ["eve", "joe"]
        let event = KeptEvent(
            7, topic: "com.prüfstand.x", payload: Payload([1, "two", [3.5]], ["k": nil], serializer: serializer),
            publisher: Disclosure(session: SessionID(1 << 53), authid: "ann", authrole: "member"), trustlevel: -3,
            forwarded: [ForwardedOption(key: "ppt_scheme", value: "x_p"), ForwardedOption(key: "ppt_keyid", value: 9)],
            rkey: "sn1", filter: ReceiverFilter(options))
        let store = try folder.store()
        try store.write([line("r", .kept(event, .retained)), line("r", .kept(event, .history))])
        try store.close()
        let contents = try folder.store().contents(of: "r")
        #expect(contents.events.map(\.shelf) == [.retained, .history] && contents.unreadableCount == 0)
        let back = try #require(contents.events.first?.event)
        #expect(back === contents.events.last?.event)
        #expect(back.sequence == 7 && back.publication == event.publication && back.milliseconds == 7000)
        #expect(back.topic == event.topic && back.serializer == serializer && back.bytes == event.bytes)
        #expect(back.payload == event.payload && back.publisher == event.publisher && back.trustlevel == -3)
        #expect(back.rkey == "sn1")
        #expect(back.forwarded == event.forwarded.sorted { $0.key < $1.key })
        let filter = try #require(back.filter)
        #expect(filter.options == options && !filter.namesSessions)
        #expect(back.byteCount == event.byteCount)
    }

    @Test(arguments: Serializer.allCases)
    func `the older form of payload passthru comes back too`(serializer: Serializer) throws {
        let binary = Value.bytes([1, 2, 3]).encoded(serializer)
        let store = try folder.store()
        let payload = Payload(serializer: serializer, arguments: binary)
        try store.write([line("r", .kept(KeptEvent(1, payload: payload), .history))])
        #expect(try store.contents(of: "r").events.first?.event.bytes == binary)
    }

    @Test func `changes are applied in their order, realm by realm`() throws {
        let store = try folder.store()
        try store.write([line("r", .kept(KeptEvent(1), .history)), line("s", .kept(KeptEvent(1), .history))])
        try store.write([
            line("r", .kept(KeptEvent(2), .history)), line("r", .dropped(sequence: 1, .history)),
            line("r", .kept(KeptEvent(3), .retained)), line("r", .dropped(sequence: 3, .retained)),
            line("r", .dropped(sequence: 99, .retained)), line("r", .kept(KeptEvent(4), .retained)),
        ])
        #expect(try sequences(store) == ["history 2", "retained 4"])
        #expect(try sequences(store, "s") == ["history 1"])
    }

    @Test func `a whole realm takes the place of what was there`() throws {
        let store = try folder.store()
        try store.write([line("r", .kept(KeptEvent(1), .history)), line("s", .kept(KeptEvent(1), .history))])
        try store.write([line("r", .kept(KeptEvent(9), .history))], whole: ["r": [.kept(KeptEvent(8), .retained)]])
        #expect(try sequences(store) == ["retained 8", "history 9"])
        #expect(try sequences(store, "s") == ["history 1"])
    }

    /// A disk that turned bits, or somebody with an SQLite shell.
    @Test(arguments: [
        "arguments = x'5B'", "arguments = x'7B7D'", "arguments = x'5B5D5B5D'", "arguments_kw = x'5B5D'",
        "serializer = 9", "facts = x'C1'", "facts = x'93'", "facts = x''", "sequence = -1", "publication = -1",
        "topic = 'not a uri'", "topic = ''",
    ])
    func `a row that cannot be right is left out`(change: String) throws {
        let store = try folder.store()
        try store.write([line("r", .kept(KeptEvent(1), .history)), line("r", .kept(KeptEvent(2), .history))])
        try store.close()
        let file = try DatabaseQueue(path: folder.directory + "/events.db")
        try file.write { try $0.execute(sql: "UPDATE event SET \(change) WHERE sequence = 2") }
        try file.close()
        let contents = try folder.store().contents(of: "r")
        #expect(contents.events.map(\.event.sequence) == [1])
        #expect(contents.unreadableCount == 1)
    }
}
