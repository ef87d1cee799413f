import NIOCore
import WAMP
import WAMPTransport

// What time does to a connection: no session, no reader, no sign of life.

extension SessionChannelHandler {
    func sweep(_ now: NIODeadline, _ deadlines: ConnectionDeadlines) {
        switch state {
        case .closing, .leaving, .parting: break
        case .opening:
            if now - openedAt > deadlines.welcome { abort(.protocolViolation, "no session within the time for it") }
        case .joined(let realm, let handle):
            if let since = unwritableSince, now - since > deadlines.stall {
                host.counters.slowConsumers.add(1)
                realm.leave(handle, self)
                state = .closing
                context?.close(promise: nil)
            } else if holdsBack || !isWritable {
                // Nothing is read from it now, so its silence says nothing.
                lastRead = now
            } else if now - lastRead > deadlines.ping * (unansweredPings + 1) {
                ping(realm, handle, deadlines)
            }
        }
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
