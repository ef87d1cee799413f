import ModuleKit
import Testing
import WAMP

@testable import Router

/// What the engine says of events that are to be kept over a restart, and what it does with them afterwards.
@Suite struct KeptEventTests {
    private static let rules = [EventHistoryRule("com.", .prefix, limit: 3)]
    var realm = Transcript(eventHistory: rules)

    init() {
        realm.engine.recordsKeptChanges = true
    }

    private mutating func changes() -> [String] {
        realm.engine.takeKeptChanges().map { change in
            switch change {
            case .kept(let event, let shelf): "\(shelf) + \(event.sequence) \(event.topic.text)"
            case .dropped(let sequence, let shelf): "\(shelf) - \(sequence)"
            }
        }
    }

    @Test mutating func `every change is told in its order, and told once`() throws {
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, {"retain": true}, "com.x"]\#n[16, 2, {"retain": true}, "org.y"]"#)
        #expect(changes() == ["history + 1 com.x", "retained + 1 com.x", "retained + 2 org.y"])
        try realm.send("ann", #"[16, 3, {"retain": true}, "org.y"]\#n[16, 4, {}, "org.z"]"#)
        #expect(changes() == ["retained - 2", "retained + 3 org.y"])
        for number in 5...7 { try realm.send("ann", #"[16, \#(number), {}, "com.a"]"#) }
        #expect(changes() == ["history + 4 com.a", "history + 5 com.a", "history - 1", "history + 6 com.a"])
        try realm.send("ann", #"[48, 8, {}, "wamp.topic.forget_retained", ["org.y"]]"#)
        #expect(changes() == ["retained - 3"])
    }

    @Test mutating func `an event for some sessions is not kept over a restart`() throws {
        try realm.join("ann")
        try realm.send(
            "ann", #"[16, 1, {"retain": true, "eligible": [1]}, "com.x"]\#n[16, 2, {"retain": true}, "com.x"]"#)
        #expect(changes() == ["history + 2 com.x", "retained + 2 com.x"])
    }

    @Test mutating func `nobody records, nothing waits`() throws {
        realm.engine.recordsKeptChanges = false
        try realm.join("ann")
        try realm.send("ann", #"[16, 1, {"retain": true}, "com.x"]"#)
        #expect(changes() == [])
    }

    @Test mutating func `restored events are told and counted on as if nothing had happened`() throws {
        try realm.join("ann")
        for number in 1...5 {
            try realm.send("ann", #"[16, \#(number), {"retain": true}, "com.\#(number)", [\#(number)]]"#)
        }
        let before = realm.engine.persistentEvents.compactMap { change -> (event: KeptEvent, shelf: EventShelf)? in
            if case .kept(let event, let shelf) = change { (event, shelf) } else { nil }
        }
        realm = Transcript(eventHistory: Self.rules)
        realm.engine.recordsKeptChanges = true
        realm.engine.restore(before.reversed())
        #expect(changes() == [])
        try realm.join("eve")
        try realm.join("bob")
        try realm.send("bob", #"[32, 1, {"get_retained": true}, "com.1"]"#)
        try realm.expect("bob", #"[33, 1, 2]\#n[36, 2, "*", {"retained": true}, [1]]"#)
        try realm.send("bob", #"[48, 2, {}, "wamp.subscription.get_events", [1]]"#)
        try realm.expect("bob", #"[50, 2, {}, [{"args": [3]}, {"args": [4]}, {"args": [5]}]]"#)
        try realm.send("bob", #"[16, 3, {}, "com.6", [6]]"#)
        #expect(changes() == ["history - 3", "history + 6 com.6"])
    }

    @Test mutating func `what a changed configuration has no place for is dropped at the restart`() throws {
        try realm.join("ann")
        for number in 1...3 { try realm.send("ann", #"[16, \#(number), {"retain": true}, "com.x"]"#) }
        let before = realm.engine.history.all.map { (event: $0, shelf: EventShelf.history) }
        realm = Transcript(eventHistory: [EventHistoryRule("com.x", limit: 2)])
        realm.engine.recordsKeptChanges = true
        realm.engine.restore(before)
        #expect(changes() == ["history - 1"])
        realm = Transcript()
        realm.engine.recordsKeptChanges = true
        realm.engine.restore(before)
        #expect(changes() == ["history - 1", "history - 2", "history - 3"])
    }
}
