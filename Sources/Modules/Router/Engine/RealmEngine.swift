import ModuleKit
import NIOCore
import WAMP
import WAMPTransport

/// One realm: who is in it, what they subscribed to and registered, and what each message leads to.
///
/// Pure: decoded messages in, framed bytes in outboxes out. No socket, no clock, no lock; time and random numbers
/// are given. `Realm` guards it with a lock, enters it once for a batch of messages, and afterwards writes what
/// stands in the outboxes. Because an answer is in its outbox before the next message is looked at, the order
/// that the specification promises ("Ordering Guarantees") needs no further thought: SUBSCRIBED is before the
/// first EVENT, and what one publisher sent stays in its order for every subscriber.
///
/// `RealmEngine+Broker`, `+Dealer` and `+MetaAPI` hold what each role of the router does.
struct RealmEngine: Sendable {
    let uri: String
    let limits: RouterLimits
    var disclosurePolicy: RealmDefinition.Disclosure
    /// What clients in the field do against the specification is refused and not only counted.
    var isStrict: Bool
    let hasher: KeyHasher
    var random: RandomSource

    // Sessions
    var sessions = SessionTable()

    // Broker and dealer
    var subscriptions: URITable<Subscription>
    var registrations: URITable<Registration>
    var lastSubscriptionID: UInt64 = 0
    var lastRegistrationID: UInt64 = 0
    var lastMembership: UInt64 = 0
    var matches = TopicMatches()
    var retained: RetainedEvents
    var history: EventHistory
    /// The last number that was given to an event that is kept.
    var lastKeptSequence: UInt64 = 0
    /// What became of kept events since it was last taken, if somebody takes it.
    var keptChanges: [KeptEventChange] = []
    var recordsKeptChanges = false
    var calls: PendingCalls
    var deadlines = DeadlineQueue<PendingCalls.Timer>()

    // Sessions without a connection
    var detachments = DeadlineQueue<SessionHandle>()
    var overflowed: [SessionHandle] = []

    /// What authorizers are to be asked since it was last taken.
    var questions: [AuthorizationQuestion] = []
    var lastQuestion: UInt64 = 0

    var reflection = Reflection()

    // What is written, and where to
    var frames = PreparedFrames()
    var writers = Serializer.allCases.map { ValueWriter($0) }
    var transcoded = Serializer.allCases.map { ValueWriter($0) }
    private var header: [UInt8] = []
    var pools: [BufferPool]
    /// The sessions of each loop whose outboxes have something to write.
    var touched: [[Int32]]
    /// What sessions that are gone still have to hear.
    var departed: [[(link: any SessionLink, delivery: Delivery)]]
    /// Loops that were told to flush and have not begun.
    private var isWoken: [Bool]
    /// Milliseconds since an arbitrary start, as the caller of the engine counts them.
    var now: UInt64 = 0
    /// Seconds since 1970, for what the meta API tells.
    var wallClock: Double = 0
    var counters = RealmCounters()

    init(
        uri: String, limits: RouterLimits, disclosure: RealmDefinition.Disclosure, loopCount: Int, seed: UInt64,
        isStrict: Bool = false, eventHistory: [EventHistoryRule] = [], wallClock: Double = 0
    ) {
        self.wallClock = wallClock
        self.isStrict = isStrict
        self.uri = uri
        self.limits = limits
        disclosurePolicy = disclosure
        hasher = KeyHasher(seed: seed)
        random = RandomSource(seed: seed)
        subscriptions = URITable(hasher: hasher)
        registrations = URITable(hasher: hasher)
        retained = RetainedEvents(
            topicsMax: limits.retainedTopicsMax, bytesMax: limits.retainedBytesMax, hasher: hasher)
        history = EventHistory(eventHistory, bytesMax: limits.historyBytesMax, hasher: hasher)
        calls = PendingCalls(hasher: hasher)
        pools = Array(repeating: BufferPool(), count: loopCount)
        touched = Array(repeating: [], count: loopCount)
        departed = Array(repeating: [], count: loopCount)
        isWoken = Array(repeating: false, count: loopCount)
        createHistorySubscriptions(eventHistory)
    }

    // MARK: Sessions

    /// Lets a session in and says WELCOME to it.
    mutating func join(_ session: JoiningSession, welcome: Welcome) -> SessionHandle {
        let slot = sessions.insert(SessionRecord(session, outboxBytesMax: limits.outboxBytesMax))
        let handle = SessionHandle(slot: slot, id: session.id)
        guard send(to: slot, { welcome.write(session.id, to: &$0) }) else {
            turnAway(slot)
            return handle
        }
        announceJoin(slot)
        return handle
    }

    /// Ends a session of which nobody has heard yet: its WELCOME is longer than what it reads.
    private mutating func turnAway(_ slot: Int32) {
        send(to: slot) { $0.farewell(.abort, .payloadSizeExceeded, message: "WELCOME is longer than what you read") }
        departed[sessions[slot].loop].append((sessions[slot].link, sessions[slot].outbox.take(.close)))
        sessions.remove(slot)
    }

    /// Ends a session: its subscriptions, registrations and calls go with it, its testaments are published. Nothing
    /// happens when it has ended before.
    ///
    /// - Parameter isTold: whether the realm hears of it.
    mutating func leave(_ handle: SessionHandle, _ ending: Delivery.Ending = .none, isTold: Bool = true) {
        guard sessions.contains(handle) else { return }
        let slot = handle.slot
        removeSubscriptions(of: slot)
        removeRegistrations(of: slot)
        removeDefinitions(of: handle)
        abandonCalls(of: handle)
        letGo(of: slot)
        if isTold, sessions[slot].testaments != nil {
            publishTestaments(of: handle, .detached)
            publishTestaments(of: handle, .destroyed)
            guard sessions.contains(handle) else { return }
        }
        let loop = sessions[slot].loop
        let link = sessions[slot].link
        if !sessions[slot].outbox.isEmpty || ending != .none {
            departed[loop].append((link, sessions[slot].outbox.take(ending)))
        }
        let disclosure = sessions[slot].disclosure
        sessions.remove(slot)
        if isTold { announceLeave(disclosure) }
    }

    /// ABORT, after which there is no session: the peer broke the protocol.
    mutating func abort(_ handle: SessionHandle, _ reason: ErrorURI, _ message: String) {
        guard sessions.contains(handle) else { return }
        counters.protocolViolations &+= 1
        sendFarewell(.abort, reason, message, to: handle.slot)
        leave(handle, .close)
    }

    /// GOODBYE from the router's side. Its answer is not awaited: the connection closes behind it.
    ///
    /// - Parameter isTold: whether the realm hears of it.
    mutating func dismiss(
        _ handle: SessionHandle, _ reason: ErrorURI, _ message: String? = nil, isTold: Bool = true
    ) {
        guard sessions.contains(handle) else { return }
        sendFarewell(.goodbye, reason, message, to: handle.slot)
        leave(handle, .close, isTold: isTold)
    }

    /// A session's last message; without the sentence where that is longer than its transport takes.
    private mutating func sendFarewell(_ type: MessageType, _ reason: ErrorURI, _ message: String?, to slot: Int32) {
        guard !send(to: slot, { $0.farewell(type, reason, message: message) }) else { return }
        send(to: slot) { $0.farewell(type, reason) }
    }

    // MARK: Messages

    /// Takes one message of a joined session.
    mutating func receive(
        _ head: MessageHead, _ bytes: Span<UInt8>, _ serializer: Serializer, from handle: SessionHandle
    ) {
        guard sessions.contains(handle) else { return }
        counters.messagesIn &+= 1
        let message = IncomingMessage(head: head, serializer: serializer, sender: handle)
        if sessions[handle.slot].authorization != nil, mustWait(message, bytes) { return }
        route(message, bytes)
    }

    /// Does what a message says. Inlined, as nearly every message comes straight from `receive`.
    @inline(__always)
    mutating func route(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let handle = message.sender
        if message.head.type != .call, !isInSequence(message) { return }
        switch message.head.type {
        case .publish: publish(message, bytes)
        case .call: call(message, bytes)
        case .yield: yield(message, bytes)
        case .error: errorReceived(message, bytes)
        case .subscribe: subscribe(message, bytes)
        case .unsubscribe: unsubscribe(message)
        case .register: register(message, bytes)
        case .unregister: unregister(message)
        case .cancel: cancel(message, bytes)
        case .goodbye:
            send(to: handle.slot) { $0.farewell(.goodbye, .goodbyeAndOut) }
            leave(handle, .leave)
        case .abort: leave(handle, .close)
        default:
            abort(handle, .protocolViolation, "\(message.head.type) is not for a joined session to send")
        }
    }

    // MARK: Answers

    /// Encodes a message for one session and puts it into its outbox.
    ///
    /// - Returns: false when it is longer than the session's transport takes, and was not sent.
    @discardableResult
    mutating func send(to slot: Int32, _ write: (inout ValueWriter) -> Void) -> Bool {
        let format = sessions[slot].format
        let index = Int(format.serializer.rawValue) - 1
        writers[index].reset()
        write(&writers[index])
        let message = writers[index].bytes
        guard message.count <= sessions[slot].frameBytesMax else { return false }
        header.removeAll(keepingCapacity: true)
        format.framing.writeHeader(length: message.count, into: &header)
        sessions[slot].append(header, message, trailer: format.framing.trailer, slot, &pools, &touched)
        counters.messagesOut &+= 1
        return true
    }

    /// The ERROR that answers a request.
    mutating func refuse(_ message: IncomingMessage, _ uri: ErrorURI, _ sentence: String) {
        counters.requestErrors &+= 1
        let isSent = send(to: message.sender.slot) {
            $0.error(message.head.type, message.request, uri, message: sentence)
        }
        // A sentence that names a long URI may be longer than the transport takes; the answer is not lost with it.
        if !isSent { send(to: message.sender.slot) { $0.error(message.head.type, message.request, uri) } }
    }

    mutating func touch(_ slot: Int32) {
        sessions[slot].touch(slot, &touched)
    }

    /// Whether a session's permissions allow an action; remembered by URI. Where an authorizer decides, it has.
    mutating func isAuthorized(_ action: Action, _ uri: Span<UInt8>, _ match: MatchPolicy, _ slot: Int32) -> Bool {
        if sessions[slot].isUnrestricted { return true }
        if sessions[slot].authorization != nil { return decision(on: action, uri, match, slot)?.isAllowed ?? false }
        let permissions = sessions[slot].principal.permissions
        return sessions[slot].decisions.decision(action, uri, match, hasher) {
            permissions.allows(action, String(uri), match)
        }
    }

    /// Whose identity a publication or call discloses; nil is nobody's.
    ///
    /// - Parameter uri: what is published to or called: a rule of the session's may disclose it unasked.
    func disclosure(
        of slot: Int32, as role: PermissionRule.Disclosure, _ uri: Span<UInt8>, asked: Bool
    ) -> Disclosure? {
        switch disclosurePolicy {
        case .forced: return sessions[slot].disclosure
        case .onRequest:
            if asked { return sessions[slot].disclosure }
            guard sessions[slot].hasDisclosingRules else { return nil }
            return discloses(slot, as: role, uri) ? sessions[slot].disclosure : nil
        case .never: return nil
        }
    }

    // MARK: Flow

    /// A module is behind: whoever has just sent it something is not read from until it has caught up.
    mutating func holdBack(_ sender: Int32, for target: Int32) {
        guard sender >= 0, sessions[target].isLocal, !sessions[sender].isLocal, !sessions[sender].isHeldBack else {
            return
        }
        guard sessions[target].outbox.byteCount >= limits.outboxBytesMax else { return }
        sessions[sender].isHeldBack = true
        sessions[target].heldBack.append(sessions.handle(of: sender))
        departed[sessions[sender].loop].append((sessions[sender].link, Delivery(buffer: nil, reads: false)))
    }

    /// Tells a session's connection whether it is to be read from.
    mutating func tellWhetherRead(_ slot: Int32) {
        let delivery = Delivery(buffer: nil, reads: sessions[slot].isReadFrom)
        departed[sessions[slot].loop].append((sessions[slot].link, delivery))
    }

    private mutating func letGo(of target: Int32) {
        for sender in sessions[target].heldBack where sessions.contains(sender) {
            sessions[sender.slot].isHeldBack = false
            tellWhetherRead(sender.slot)
        }
        sessions[target].heldBack = []
    }

    // MARK: Flushing

    /// Takes what the sessions of a loop have to write. Sessions whose transport takes nothing keep theirs.
    ///
    /// - Parameter spent: buffers of the last flush that have been written, for the pool. They are taken out one by
    ///   one: memory that somebody else holds too cannot be used again.
    mutating func takeDeliveries(
        loop: Int, spent: inout [ByteBuffer]
    ) -> [(link: any SessionLink, delivery: Delivery)] {
        while let buffer = spent.popLast() { pools[loop].give(buffer) }
        isWoken[loop] = false
        var deliveries = departed[loop]
        departed[loop].removeAll()
        for slot in touched[loop] {
            // The slot may have gone to another session since, on another loop: that one is in its own loop's list.
            guard sessions.contains(slot), sessions[slot].loop == loop, sessions[slot].isTouched else { continue }
            sessions[slot].isTouched = false
            guard sessions[slot].isWritable else {
                if sessions[slot].isDetached, sessions[slot].outbox.byteCount > sessions[slot].outboxBytesMax {
                    overflowed.append(sessions.handle(of: slot))
                }
                continue
            }
            deliveries.append((sessions[slot].link, sessions[slot].outbox.take()))
            if !sessions[slot].heldBack.isEmpty { letGo(of: slot) }
        }
        touched[loop].removeAll(keepingCapacity: true)
        pools[loop].flushed(deliveries.count)
        return deliveries
    }

    /// The session's transport takes more, or no more.
    mutating func writabilityChanged(_ handle: SessionHandle, isWritable: Bool) {
        guard sessions.contains(handle) else { return }
        sessions[handle.slot].isWritable = isWritable
        if isWritable, !sessions[handle.slot].outbox.isEmpty { touch(handle.slot) }
    }

    /// Calls `wake` once for each loop that has something to write and has not been woken for it.
    mutating func wakeLoops(_ wake: (Int) -> Void) {
        for loop in touched.indices where !isWoken[loop] {
            guard !touched[loop].isEmpty || !departed[loop].isEmpty else { continue }
            isWoken[loop] = true
            wake(loop)
        }
    }
}

/// A message on its way through the engine.
struct IncomingMessage {
    var head: MessageHead
    var serializer: Serializer
    var sender: SessionHandle

    var request: RequestID { RequestID(head.request) }
}

/// The limits that the engine keeps. Every one is a setting (`limits` in gantry.yml).
package struct RouterLimits: Sendable, Hashable {
    package var uriBytesMax = 255
    package var subscriptionsAndRegistrationsMax = 2000
    package var pendingCallsMax = 256
    package var outboxBytesMax = 16 << 20
    /// Of one realm: topics with a retained event, the bytes of those, and the bytes of its event histories.
    package var retainedTopicsMax = 10_000
    package var retainedBytesMax = 16 << 20
    package var historyBytesMax = 64 << 20
    /// How long a session outlives its connection if it asks for that; 0 is not at all.
    package var resumeWithinMilliseconds: UInt64 = 0
    package var resumeBufferBytesMax = 1 << 20

    package init() {}
}

/// Random numbers from a seed (SplitMix64): ids that collide with nothing and that a test can foresee.
struct RandomSource: Sendable, RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// An id of global scope, uniform over 1 … 2^53.
    mutating func nextID() -> UInt64 { (next() >> 11) + 1 }
}
