import ModuleKit
import NIOCore
import WAMP
import WAMPTransport

@testable import Router

/// An input as a script for a realm: sessions come and go, send what they may and what they may not, do not read, are
/// lost and resumed, while the clock goes on. After each step the engine must be consistent, and no session may receive
/// what breaks a promise; when all have left, nothing may be left.
struct EngineScript {
    static func difference(_ bytes: [UInt8]) -> String? {
        var script = EngineScript(bytes)
        return script.run()
    }

    static let peerCount = 6
    static let loopCount = 2
    private static let stepsMax = 250
    private static let history = [
        EventHistoryRule("com.t", limit: 3), EventHistoryRule("com.", .prefix, limit: 4),
        EventHistoryRule("com..x", .wildcard, limit: 2),
    ]

    var input: InputReader
    var engine: RealmEngine
    var views: [SessionID: SessionView] = [:]
    var connections: [ObjectIdentifier: ScriptedConnection] = [:]
    /// By peer, its connection: the present one, or the last one.
    var current = [ObjectIdentifier?](repeating: nil, count: peerCount)
    var requests = [UInt64](repeating: 0, count: peerCount)
    var lastSession: UInt64 = 0
    var lastTicket = 0
    /// What was wrong first.
    var failure: String?
    /// Deliveries wait until the script says so.
    private let isLazy: Bool
    private var spent = [[ByteBuffer]](repeating: [], count: loopCount)
    /// What whoever writes kept events down would have now.
    private var written: Set<Written> = []

    private struct Written: Hashable {
        var sequence: UInt64
        var shelf: EventShelf
    }

    private init(_ bytes: [UInt8]) {
        input = InputReader(bytes)
        let flags = input.byte()
        isLazy = flags & 1 != 0
        var limits = RouterLimits()
        if flags & 2 != 0 {
            limits.subscriptionsAndRegistrationsMax = 4
            limits.pendingCallsMax = 3
            limits.outboxBytesMax = 4096
            limits.retainedTopicsMax = 2
            limits.retainedBytesMax = 3000
            limits.historyBytesMax = 3000
            limits.resumeBufferBytesMax = 2000
            limits.uriBytesMax = 16
        }
        limits.resumeWithinMilliseconds = 1000
        engine = RealmEngine(
            uri: "realm1", limits: limits, disclosure: [.onRequest, .forced, .never][Int(flags >> 4 & 3) % 3],
            loopCount: Self.loopCount, seed: 0x5EED, isStrict: flags & 4 != 0,
            eventHistory: flags & 8 != 0 ? Self.history : [], wallClock: 1_795_235_470)
        engine.recordsKeptChanges = flags & 0x40 != 0
    }

    // MARK: Running

    private mutating func run() -> String? {
        for _ in 0..<Self.stepsMax where !input.isAtEnd && failure == nil {
            let peer = input.below(Self.peerCount)
            step(peer)
            afterEntering()
        }
        if failure == nil { end() }
        return failure
    }

    private mutating func step(_ peer: Int) {
        guard let link = current[peer], let connection = connections[link], engine.sessions.contains(connection.handle)
        else { return join(peer) }
        switch input.below(64) {
        case 0: join(peer)
        case 1: engine.leave(connection.handle)
        case 2: disconnect(link)
        case 3: resume(peer, link)
        case 4...5 where !connection.isGone:
            connections[link]?.isWritable.toggle()
            engine.writabilityChanged(connection.handle, isWritable: !connection.isWritable)
        case 6...7: passTime(UInt64(input.pick([1, 20, 60, 990, 2000, 1 << 21])))
        case 8: flush(input.below(Self.loopCount))
        case 9: engine.isStrict.toggle()
        case 10: engine.disclosurePolicy = input.pick(RealmDefinition.Disclosure.allCases)
        case 11: engine.dismiss(connection.handle, .killed, input.bit() ? "go" : nil)
        case 12 where !connection.isGone: engine.abort(connection.handle, .protocolViolation, "wrong")
        case 13: receive(input.bytes(input.below(64)), from: connection)
        default: receive(message(of: peer).encoded(connection.format.serializer), from: connection)
        }
    }

    /// What `Realm` does when it has entered the engine.
    private mutating func afterEntering() {
        if engine.hasKeptChanges { note(engine.takeKeptChanges()) }
        var woken: [Int] = []
        engine.wakeLoops { woken.append($0) }
        if !isLazy { for loop in woken { flush(loop) } }
        if let wrong = engine.inconsistency { failure = failure ?? wrong }
    }

    mutating func passTime(_ milliseconds: UInt64) {
        engine.now += milliseconds
        engine.wallClock += Double(milliseconds) / 1000
        engine.deadlineReached()
        if let next = engine.nextDeadline, next <= engine.now { failure = failure ?? "a deadline was forgotten" }
    }

    /// What a connection does with the bytes of one message.
    private mutating func receive(_ bytes: [UInt8], from connection: ScriptedConnection) {
        guard !connection.isGone else { return }
        do throws(WireError) {
            let message = try ReceivedMessage(ByteBuffer(bytes: bytes), connection.format.serializer)
            views[connection.session]?.sends(message)
            engine.receive(
                message.head, message.bytes.readableBytesUInt8Span, message.serializer, from: connection.handle)
        } catch {
            engine.abort(connection.handle, .protocolViolation, "no message: \(error.kind)")
        }
    }

    // MARK: Delivering

    /// What `Realm` does when a loop is woken.
    mutating func flush(_ loop: Int) {
        let deliveries = engine.takeDeliveries(loop: loop, spent: &spent[loop])
        for (link, delivery) in deliveries {
            deliver(delivery, to: ObjectIdentifier(link), loop)
            if let buffer = delivery.buffer { spent[loop].append(buffer) }
        }
        if !engine.overflowed.isEmpty { engine.endOverflowedSessions() }
    }

    private mutating func deliver(_ delivery: Delivery, to link: ObjectIdentifier, _ loop: Int) {
        guard var connection = connections[link] else { return }
        let session = connection.session
        do {
            for message in try connection.messages(delivery) {
                let text = { String(decoding: message.encoded(.json), as: UTF8.self) }
                guard !connection.isClosed, connection.loop == loop else {
                    failure = failure ?? "\(session) has no connection on loop \(loop) for \(text())"
                    continue
                }
                if let wrong = views[session]?.receives(message) {
                    failure = failure ?? "\(session) received \(text()): \(wrong)"
                }
            }
        } catch {
            failure = failure ?? "\(session) cannot read what it receives: \(error)"
        }
        if delivery.ending == .close, !connection.isLost, let view = views[session], !view.isOver, !view.hasAborted {
            failure = failure ?? "\(session) is closed without a word"
        }
        if delivery.ending != .none { connection.isClosed = true }
        connections[link] = connection
    }

    private mutating func note(_ changes: [KeptEventChange]) {
        for change in changes {
            switch change {
            case .kept(let event, let shelf): written.insert(Written(sequence: event.sequence, shelf: shelf))
            case .dropped(let sequence, let shelf): written.remove(Written(sequence: sequence, shelf: shelf))
            }
        }
    }

    // MARK: The end

    /// Everybody reads what there is; then all but one leave, then that one.
    private mutating func end() {
        for (link, connection) in connections where !connection.isGone {
            connections[link]?.isWritable = true
            engine.writabilityChanged(connection.handle, isWritable: true)
        }
        flushAll()
        // Who was lost and not resumed is gone by then.
        passTime(engine.limits.resumeWithinMilliseconds + 1)
        flushAll()
        let handles = engine.sessions.handles()
        if let held = handles.first(where: { engine.sessions[$0.slot].isHeldBack }) {
            failure = failure ?? "\(held) is still held back"
        }
        for handle in handles.dropFirst() {
            engine.leave(handle)
            flushAll()
        }
        if let last = handles.first, engine.sessions.contains(last) {
            let unanswered = (views[last.id]?.plainCalls ?? []).filter {
                engine.calls.find(CallKey(caller: last, request: RequestID($0))) == nil
            }
            if let call = unanswered.min() { failure = failure ?? "call \(call) of \(last) was never answered" }
            engine.leave(last)
            flushAll()
        }
        failure = failure ?? leftover
        guard engine.recordsKeptChanges, failure == nil else { return }
        compareKeptEvents()
    }

    private mutating func flushAll() {
        afterEntering()
        // Sessions that overflow end, which others hear of.
        for _ in 0..<3 { for loop in 0..<Self.loopCount { flush(loop) } }
        afterEntering()
    }

    private var leftover: String? {
        guard engine.sessions.count == 0 else { return "\(engine.sessions.count) sessions are left" }
        guard engine.calls.count == 0 else { return "\(engine.calls.count) calls are left" }
        guard engine.calls.timedCount == 0 else { return "\(engine.calls.timedCount) deadlines are left" }
        guard engine.registrations.count == 0 else { return "\(engine.registrations.count) registrations are left" }
        let subscriptions = engine.subscriptions.indices.count { !engine.subscriptions[$0].isPermanent }
        guard subscriptions == 0 else { return "\(subscriptions) subscriptions are left" }
        for slot in 0..<Int32(Self.peerCount * 4) where engine.calls.keptByteCount(of: slot) != 0 {
            return "\(engine.calls.keptByteCount(of: slot)) bytes of calls are left"
        }
        return nil
    }

    /// What was written down is what the engine keeps; and an engine that takes it in keeps the same.
    private mutating func compareKeptEvents() {
        func identities(_ events: [KeptEventChange]) -> Set<Written> {
            Set(
                events.compactMap {
                    if case .kept(let event, let shelf) = $0 {
                        Written(sequence: event.sequence, shelf: shelf)
                    } else {
                        nil
                    }
                })
        }
        let kept = engine.persistentEvents
        guard identities(kept) == written else {
            failure = "kept: \(identities(kept)), written down: \(written)"
            return
        }
        var next = RealmEngine(
            uri: "realm1", limits: engine.limits, disclosure: .onRequest, loopCount: 1, seed: 1,
            eventHistory: engine.history.isEnabled ? Self.history : [])
        next.restore(
            kept.compactMap { if case .kept(let event, let shelf) = $0 { (event, shelf) } else { nil } })
        if identities(next.persistentEvents) != written {
            failure = "kept: \(written), restored: \(identities(next.persistentEvents))"
        }
    }
}
