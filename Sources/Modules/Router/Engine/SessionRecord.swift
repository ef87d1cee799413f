import ModuleKit
import NIOCore
import WAMP
import WAMPTransport

/// A joined session's place in its realm: stays the same while the session lives, and is used again afterwards.
///
/// Everything that outlives a message names a session by handle, so that a place that has a new tenant is noticed.
struct SessionHandle: Hashable, Sendable {
    var slot: Int32
    var id: SessionID
}

/// Where a session's bytes go; the engine never looks inside. A socket's connection, or the link to a module.
protocol SessionLink: AnyObject, Sendable {
    /// Writes frames, in order; on the link's own event loop.
    func deliver(_ frames: Delivery)
}

/// What one flush has for one session.
struct Delivery: Sendable {
    enum Ending: Sendable, Hashable {
        case none
        /// The session is over and its last words are in the frames; close the connection behind them.
        case close
        /// The session is over by GOODBYE, and the transport may be used for another one.
        case leave
    }

    /// The frames, in order. Nearly always one buffer, which costs no array.
    var buffer: ByteBuffer?
    var further: [ByteBuffer] = []
    var ending = Ending.none
    /// Whether the peer is to be read from, where that changes: false while what it sends has nowhere to go.
    var reads: Bool?

    /// The frames that there are.
    var buffers: [ByteBuffer] {
        let all = buffer.map { [$0] + further } ?? further
        return all.filter { $0.readableBytes > 0 }
    }

    /// Calls `body` with each buffer in order.
    func forEachBuffer(_ body: (ByteBuffer) -> Void) {
        if let buffer { body(buffer) }
        for buffer in further { body(buffer) }
    }
}

/// A session that is about to join.
struct JoiningSession: Sendable {
    var id: SessionID
    var principal: Principal
    var peer: PeerIdentity
    var features: ClientFeatures
    var format: WireFormat
    /// The event loop that writes to it.
    var loop: Int
    /// No message longer than this reaches it.
    var frameBytesMax: Int
    /// A module of this process: nothing for it is ever dropped, whoever feeds it too fast is held back.
    var isLocal = false
    /// What resumes it after its connection is lost; nil when it ends then.
    var resumeTicket: ResumeTicket?
    var link: any SessionLink
}

/// What a realm knows of one of its sessions.
struct SessionRecord: Sendable {
    // What a delivery looks at comes first: in a realm with many sessions each line of memory that it touches is one that
    // the processor's caches have not kept.
    let id: SessionID
    var format: WireFormat
    var loop: Int
    var frameBytesMax: Int
    /// How full the outbox may be for another event; a module's has no bound, it holds back who feeds it.
    var outboxBytesMax: Int
    var outbox = Outbox()
    /// Stands in its loop's list of outboxes to flush.
    var isTouched = false
    /// The transport takes more; when it does not, the outbox waits and its limit counts.
    var isWritable = true
    let isLocal: Bool
    /// Nothing has to be asked for: the permissions allow everything.
    let isUnrestricted: Bool
    /// Some rule discloses the session unasked.
    let hasDisclosingRules: Bool
    var isHeldBack = false
    /// Sessions that are not read from until this one's outbox has drained.
    var heldBack: [SessionHandle] = []
    var link: any SessionLink
    let features: ClientFeatures

    /// The highest CALL.Request so far ("Verification of CALL Request IDs").
    var lastCall: UInt64 = 0
    /// The last request of any kind.
    var lastRequest: UInt64 = 0
    /// Session scope, per callee: the last INVOCATION.Request that was sent.
    var lastInvocation: UInt64 = 0
    /// Nil for those whose permissions decide, which are nearly all.
    var authorization: Authorization?
    var decisions = DecisionCache()

    let principal: Principal
    var peer: PeerIdentity
    let disclosure: Disclosure
    /// Its subscriptions, and its place among the subscribers of each: neither a subscription with ten thousand
    /// subscribers nor a session with ten thousand subscriptions is searched.
    var subscriptions: [Int32: Int32] = [:]
    var registrations: [Int32] = []
    /// Nil for the many that leave none.
    var testaments: Testaments?
    var resumeTicket: ResumeTicket?
    /// The connection is lost, and the session may be resumed until then, in the engine's milliseconds.
    var detachedUntil: UInt64?

    /// What it sends has somewhere to go, and does not wait behind what has to be decided first.
    var isReadFrom: Bool { !isHeldBack && authorization?.holdsBack != true }

    /// Puts one event behind what waits, unless the outbox is full or the transport takes no frame of that size.
    ///
    /// One event always fits, so that no limit can starve a receiver.
    /// - Parameters:
    ///   - slot: the session's own.
    ///   - touched: by loop, the sessions that have something to write.
    /// - Returns: false when the event is dropped.
    mutating func accept(
        _ frames: PreparedFrames, _ slot: Int32, _ pools: inout [BufferPool], _ touched: inout [[Int32]]
    ) -> Bool {
        guard outbox.byteCount < outboxBytesMax, frames.messageLength(format) <= frameBytesMax else { return false }
        frames.append(format, to: &outbox, &pools[loop])
        touch(slot, &touched)
        return true
    }

    /// Puts one message behind what waits, its frame's header before it.
    mutating func append(
        _ header: [UInt8], _ message: [UInt8], trailer: UInt8?, _ slot: Int32, _ pools: inout [BufferPool],
        _ touched: inout [[Int32]]
    ) {
        outbox.append(copying: header, &pools[loop])
        outbox.append(copying: message, &pools[loop])
        if let trailer { outbox.append(trailer, &pools[loop]) }
        touch(slot, &touched)
    }

    mutating func touch(_ slot: Int32, _ touched: inout [[Int32]]) {
        guard !isTouched else { return }
        isTouched = true
        touched[loop].append(slot)
    }

    init(_ session: JoiningSession, outboxBytesMax: Int) {
        self.outboxBytesMax = session.isLocal ? .max : outboxBytesMax
        resumeTicket = session.resumeTicket
        id = session.id
        principal = session.principal
        peer = session.peer
        features = session.features
        format = session.format
        loop = session.loop
        frameBytesMax = min(session.frameBytesMax, session.format.framing.messageBytesMax)
        isLocal = session.isLocal
        link = session.link
        disclosure = Disclosure(
            session: session.id, authid: session.principal.authid, authrole: session.principal.authrole)
        isUnrestricted = session.principal.permissions.isUnrestricted
        hasDisclosingRules = session.principal.permissions.hasDisclosure || session.principal.authorizer != nil
        if session.principal.authorizer != nil { authorization = Authorization() }
    }
}
