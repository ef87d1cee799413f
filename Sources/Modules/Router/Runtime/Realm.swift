import ModuleKit
import NIOCore
import Synchronization
import WAMP

/// One realm while it is open: the engine behind its lock, and the way from its outboxes to the event loops.
///
/// A loop enters the lock once for all messages of one read. What they led to stands in outboxes, and each loop
/// that has something to write is woken once; it flushes at the end of its tick, so that whatever else the tick
/// reads leaves in the same writes. Nothing under the lock blocks, calls out or allocates by what a peer declared.
final class Realm: Sendable {
    let uri: String
    private let loops: RouterLoops
    private let engine: Mutex<RealmEngine>
    /// Buffers that the last flush has written, by loop.
    private let spent: Mutex<[[ByteBuffer]]>
    /// When a task for the next deadline is set to run, in the engine's milliseconds.
    private let scheduledDeadline = Mutex<UInt64?>(nil)
    let kept: KeptEventFeatures
    private let journal: EventJournal?
    private let authorize: @Sendable (AuthorizationQuestion) async -> AuthorizerAnswer

    /// - Parameters:
    ///   - journal: where kept events survive a restart; nil keeps them in memory only.
    ///   - authorize: asks an authorizer; answers within the time that the question gives it.
    init(
        definition: RealmDefinition, limits: RouterLimits, loops: RouterLoops, journal: EventJournal? = nil,
        authorize: @escaping @Sendable (AuthorizationQuestion) async -> AuthorizerAnswer
    ) {
        uri = definition.uri
        self.authorize = authorize
        let history: KeptEventFeatures = definition.eventHistory.isEmpty ? [] : .history
        kept = limits.retainedTopicsMax > 0 ? history.union(.retention) : history
        self.journal = journal
        self.loops = loops
        var generator = SystemRandomNumberGenerator()
        engine = Mutex(
            RealmEngine(
                uri: definition.uri, limits: limits, disclosure: definition.disclosure, loopCount: loops.count,
                seed: generator.next(), isStrict: definition.isStrict, eventHistory: definition.eventHistory,
                wallClock: loops.wallClock(at: loops.now())))
        spent = Mutex(Array(repeating: [], count: loops.count))
    }

    /// Takes in what an earlier process has kept of this realm, and begins to write down what it keeps itself.
    func restore() {
        // What cannot be read is left alone: to write beside it would mix two lives of the realm.
        guard let journal, let events = journal.contents(of: uri) else { return }
        let uri = uri
        enter { engine in
            engine.recordsKeptChanges = true
            engine.restore(events)
        }
        journal.attach(uri) { [weak self] in
            self?.engine.withLock { engine in
                journal.discard(uri)
                return engine.persistentEvents
            } ?? []
        }
    }

    // MARK: Sessions

    func join(_ session: JoiningSession, welcome: Welcome) -> SessionHandle {
        enter { $0.join(session, welcome: welcome) }
    }

    /// Gives a session that has a ticket to another connection; nil when the ticket opens none.
    func resume(_ session: SessionID, _ connection: ResumingConnection) -> SessionHandle? {
        enter { $0.resume(session, connection) }
    }

    /// GOODBYE to the sessions for which `isMeant` says yes.
    func dismiss(_ reason: ErrorURI, where isMeant: (Principal) -> Bool) {
        enter { engine in
            for handle in engine.sessions.handles(where: { isMeant($0.principal) }) { engine.dismiss(handle, reason) }
        }
    }

    func apply(_ definition: RealmDefinition) {
        engine.withLock { engine in
            engine.disclosurePolicy = definition.disclosure
            engine.isStrict = definition.isStrict
        }
    }

    // MARK: What a connection does in the name of its session, as long as no other one has resumed it

    func leave(_ handle: SessionHandle, _ link: any SessionLink, _ ending: Delivery.Ending = .none) {
        enter(handle, link) { $0.leave(handle, ending) }
    }

    /// The connection is lost: the session ends, or waits to be resumed.
    func disconnected(_ handle: SessionHandle, _ link: any SessionLink) {
        enter(handle, link) { $0.disconnected(handle, link) }
    }

    func abort(_ handle: SessionHandle, _ link: any SessionLink, _ reason: ErrorURI, _ message: String) {
        enter(handle, link) { $0.abort(handle, reason, message) }
    }

    func dismiss(_ handle: SessionHandle, _ link: any SessionLink, _ reason: ErrorURI, _ message: String) {
        enter(handle, link) { $0.dismiss(handle, reason, message) }
    }

    /// Routes what the session sent, in order.
    func receive(_ batch: [ReceivedMessage], from handle: SessionHandle, _ link: any SessionLink) {
        enter(handle, link) { engine in
            for message in batch {
                engine.receive(message.head, message.bytes.readableBytesUInt8Span, message.serializer, from: handle)
            }
        }
    }

    func writabilityChanged(_ handle: SessionHandle, _ link: any SessionLink, isWritable: Bool) {
        enter(handle, link) { $0.writabilityChanged(handle, isWritable: isWritable) }
    }

    private func enter(_ handle: SessionHandle, _ link: any SessionLink, _ body: (inout RealmEngine) -> Void) {
        enter { engine in
            if engine.sessions.contains(handle), engine.sessions[handle.slot].link === link { body(&engine) }
        }
    }

    /// How many bytes the caller of an invocation has not yet taken; 0 when the call is over.
    func backlog(ofCallerOf invocation: RequestID, callee: SessionHandle) -> Int {
        engine.withLock { engine in
            guard let index = engine.calls.find(callee, invocation) else { return 0 }
            return engine.sessions[engine.calls[index].key.caller.slot].outbox.byteCount
        }
    }

    var counters: RealmCounters { engine.withLock { $0.counters } }

    // MARK: The lock, and what follows it

    /// Runs one batch under the lock, then wakes the loops that have something to write.
    private func enter<Result: Sendable>(_ body: (inout RealmEngine) -> Result) -> Result {
        let now = loops.now()
        var woken: UInt64 = 0
        let (result, deadline, questions) = engine.withLock { engine in
            engine.now = now
            engine.wallClock = loops.wallClock(at: now)
            let result = body(&engine)
            if engine.hasKeptChanges { journal?.append(engine.takeKeptChanges(), of: uri) }
            engine.wakeLoops { woken |= 1 << UInt64($0) }
            return (result, engine.nextDeadline, engine.takeQuestions())
        }
        if woken != 0 {
            for loop in 0..<loops.count where woken & (1 << UInt64(loop)) != 0 {
                loops[loop].execute { self.flush(loop) }
            }
        }
        if let deadline { schedule(deadline) }
        for question in questions { ask(question) }
        return result
    }

    /// Asks outside the lock and off the loops; the answer enters as a batch of its own.
    private func ask(_ question: AuthorizationQuestion) {
        Task {
            let answer = await authorize(question)
            enter { $0.decide(question.session, question.number, answer) }
        }
    }

    /// Writes what the sessions of a loop have waiting. Runs on that loop.
    private func flush(_ loop: Int) {
        var written: [ByteBuffer] = []
        spent.withLock { swap(&$0[loop], &written) }
        let (deliveries, hasOverflowed) = engine.withLock { engine in
            (engine.takeDeliveries(loop: loop, spent: &written), !engine.overflowed.isEmpty)
        }
        for (link, delivery) in deliveries { link.deliver(delivery) }
        if hasOverflowed { enter { $0.endOverflowedSessions() } }
        // A buffer whose bytes the kernel has taken is free again once `deliveries` lets go of it; one that still
        // waits in a channel is copied when it is cleared, which costs memory but is never wrong.
        spent.withLock { buffers in
            for (_, delivery) in deliveries {
                if let buffer = delivery.buffer { buffers[loop].append(buffer) }
            }
        }
    }

    private func schedule(_ deadline: UInt64) {
        let isSooner = scheduledDeadline.withLock { scheduled in
            guard scheduled.map({ deadline < $0 }) ?? true else { return false }
            scheduled = deadline
            return true
        }
        guard isSooner else { return }
        let delay = deadline > loops.now() ? deadline - loops.now() : 0
        loops[0].scheduleTask(in: .milliseconds(Int64(delay))) {
            self.scheduledDeadline.withLock { $0 = nil }
            self.enter { $0.deadlineReached() }
        }
    }
}
