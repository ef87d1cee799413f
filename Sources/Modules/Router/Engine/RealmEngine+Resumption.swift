import ModuleKit
import WAMP

// Sessions that outlive their connection. The specification has it as a draft only ("WAMP Session State Machine",
// "Session Pause and Resume"): a session that was promised a ticket stays in the realm when its connection is lost,
// with its subscriptions, registrations and calls; what it is sent meanwhile waits, within bounds; and whoever
// shows the ticket in time is given all of it. What had been handed to the lost connection is gone with it.

/// The secret that resumes a session once: 16 random bytes in base64, as the draft wants them.
struct ResumeTicket: Sendable, Hashable {
    static let byteCount = 16

    let text: String

    init(text: String) { self.text = text }

    init(_ random: inout some RandomNumberGenerator) {
        let bytes = (0..<Self.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        text = Base64.encode(bytes.span)
    }

    /// Compares all bytes, whatever the first ones are.
    static func == (lhs: ResumeTicket, rhs: ResumeTicket) -> Bool {
        guard lhs.text.utf8.count == rhs.text.utf8.count else { return false }
        return zip(lhs.text.utf8, rhs.text.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// A connection that asks for a session that another one had.
struct ResumingConnection: Sendable {
    var ticket: ResumeTicket
    /// The ticket for the time after.
    var nextTicket: ResumeTicket
    var peer: PeerIdentity
    var format: WireFormat
    var loop: Int
    var frameBytesMax: Int
    var link: any SessionLink
}

extension RealmEngine {
    /// A session's connection is lost: the session ends, or waits for another one.
    ///
    /// - Parameter link: the connection that was lost; nothing happens when the session has another one by now.
    mutating func disconnected(_ handle: SessionHandle, _ link: any SessionLink) {
        guard sessions.contains(handle), sessions[handle.slot].link === link else { return }
        guard sessions[handle.slot].resumeTicket != nil, !sessions[handle.slot].isDetached else {
            return leave(handle)
        }
        let deadline = now &+ limits.resumeWithinMilliseconds
        sessions[handle.slot].detachedUntil = deadline
        sessions[handle.slot].isWritable = false
        sessions[handle.slot].outboxBytesMax = limits.resumeBufferBytesMax
        detachments.insert(handle, at: deadline)
        publishTestaments(of: handle, .detached)
    }

    /// Gives a session to another connection, and says WELCOME before what has waited.
    ///
    /// - Returns: nil when there is no such session, or the ticket or the connection is not the right one.
    mutating func resume(_ id: SessionID, _ connection: ResumingConnection) -> SessionHandle? {
        guard let slot = sessions.slot(of: id), sessions[slot].resumeTicket == connection.ticket,
            connection.peer.isEncrypted || !sessions[slot].peer.isEncrypted
        else { return nil }
        guard let waiting = takeWaiting(slot, for: connection) else {
            leave(sessions.handle(of: slot), .close)
            return nil
        }
        if !sessions[slot].isDetached {
            // The client has noticed the loss before the router has.
            departed[sessions[slot].loop].append((sessions[slot].link, Delivery(buffer: nil, ending: .close)))
        }
        sessions[slot].attach(connection, outboxBytesMax: limits.outboxBytesMax)
        let welcome = Welcome(resumedWith: connection.nextTicket)
        send(to: slot) { welcome.write(id, to: &$0) }
        passOn(waiting, to: slot)
        if !sessions[slot].isReadFrom { tellWhetherRead(slot) }
        return sessions.handle(of: slot)
    }

    /// Ends the sessions whose time to be resumed is over.
    mutating func endDetachedSessions() {
        while let handle = detachments.popDue(now: now) {
            guard sessions.contains(handle), let until = sessions[handle.slot].detachedUntil else { continue }
            // It was resumed and lost again since.
            guard until <= now else { continue }
            leave(handle)
        }
    }

    /// Ends the sessions for which more has come, while they were away, than waits for anybody: with a part of it
    /// missing, the rest would be a lie.
    mutating func endOverflowedSessions() {
        let handles = overflowed
        overflowed = []
        for handle in handles where sessions.contains(handle) && sessions[handle.slot].isDetached {
            counters.eventsDropped &+= 1
            leave(handle)
        }
    }
}

extension SessionRecord {
    var isDetached: Bool { detachedUntil != nil }

    fileprivate mutating func attach(_ connection: ResumingConnection, outboxBytesMax: Int) {
        link = connection.link
        loop = connection.loop
        peer = connection.peer
        format = connection.format
        frameBytesMax = connection.messageBytesMax
        resumeTicket = connection.nextTicket
        self.outboxBytesMax = outboxBytesMax
        detachedUntil = nil
        isWritable = true
        isTouched = false
    }
}
