import NIOCore
import WAMP
import WAMPTransport

// What time does to a connection: no session, no reader, no sign of life.

extension SessionChannelHandler {
    func sweep(_ now: NIODeadline, _ deadlines: ConnectionDeadlines) {
        noteProgress(now)
        let hasStalled = unwritableSince.map { now - $0 > deadlines.stall } ?? false
        switch state {
        case .closing, .parting: break
        case .opening:
            if now - openedAt > deadlines.welcome { abort(.protocolViolation, "no session within the time for it") }
        case .joined(let realm, let handle), .leaving(let realm, let handle, _):
            if hasStalled {
                host.counters.slowConsumers.add(1)
                realm.leave(handle, self)
                state = .closing
                context?.close(promise: nil)
            } else if case .leaving = state {
                break
            } else if holdsBack || !isWritable {
                // Nothing is read from it now, so its silence says nothing.
                lastRead = now
            } else if now - lastRead > deadlines.ping * (unansweredPings + 1) {
                ping(realm, handle, deadlines)
            }
        }
    }

    /// A reader that takes something is none that takes nothing: as far as the kernel tells, which has a buffer of its own.
    private func noteProgress(_ now: NIODeadline) {
        guard unwritableSince != nil else {
            unwrittenBytes = .max
            return
        }
        let options = context?.channel.syncOptions
        guard let bytes = try? options?.getOption(.bufferedWritableBytes) else { return }
        if bytes < unwrittenBytes { unwritableSince = now }
        unwrittenBytes = bytes
    }

    private func ping(_ realm: Realm, _ handle: SessionHandle, _ deadlines: ConnectionDeadlines) {
        guard unansweredPings < deadlines.unansweredPingsMax else {
            host.counters.lostPeers.add(1)
            realm.disconnected(handle, self)
            state = .closing
            context?.close(promise: nil)
            return
        }
        unansweredPings += 1
        write(framing.ping([]))
    }
}
