import ModuleKit
import NIOCore
import Synchronization
import WAMP
import WAMPClient
import WAMPTransport

/// The link between a realm and a module of this process: a connection without a socket.
///
/// Both directions carry the frames that a RawSocket would, so that a module is a peer like any other: the same
/// permissions, the same order, the same outbox. It never drops: when the outbox of a module is full, the sessions
/// that feed it are not read from until it has drained.
//
// Unchecked: `parser` is confined to the event loop; everything else is immutable or behind a lock.
final class LocalLink: SessionLink, @unchecked Sendable {
    private struct Inbox {
        var messages: [ByteBuffer] = []
        var isScheduled = false
    }

    private let realm: Realm
    private let eventLoop: any EventLoop
    private let inbox = Mutex(Inbox())
    private let joined = Mutex<(client: Client, handle: SessionHandle)?>(nil)
    private var parser = RawSocketFrameParser(messageBytesMax: 1 << 24)
    private static let serializer = Serializer.messagePack

    private init(_ realm: Realm, _ eventLoop: any EventLoop) {
        self.realm = realm
        self.eventLoop = eventLoop
    }

    /// Joins as a principal; the session belongs to one event loop, on which its handlers are called.
    static func join(
        _ realm: Realm, as principal: Principal, id: SessionID, on eventLoop: any EventLoop, number: Int,
        _ agent: String
    ) -> Client {
        let link = LocalLink(realm, eventLoop)
        var features = ClientFeatures()
        features.announce(.progressiveCallResults, as: .callee)
        features.announce(.callCanceling, as: .callee)
        let session = JoiningSession(
            id: id, principal: principal,
            peer: PeerIdentity(address: "local", isLoopback: true, isEncrypted: true), features: features,
            format: WireFormat(serializer: serializer, framing: .rawSocket), loop: number,
            frameBytesMax: RawSocketFrame.payloadBytesMax, isLocal: true, link: link)
        let client = Client(
            id: id, realm: realm.uri, serializer: serializer, drained: { await link.drained($0) },
            pause: { link.pause($0) }, send: { link.send($0) })
        let welcome = Welcome(realm: realm.uri, principal, agent: agent, kept: realm.kept)
        let handle = realm.join(session, welcome: welcome)
        link.joined.withLock { $0 = (client, handle) }
        return client
    }

    // MARK: From the module

    /// Takes a message from any thread; the loop is woken at most once until it has taken what is there.
    private func send(_ message: ByteBuffer) {
        let wakes = inbox.withLock { inbox in
            inbox.messages.append(message)
            defer { inbox.isScheduled = true }
            return !inbox.isScheduled
        }
        if wakes { eventLoop.execute { self.route() } }
    }

    private func route() {
        let messages = inbox.withLock { inbox in
            inbox.isScheduled = false
            defer { inbox.messages = [] }
            return inbox.messages
        }
        guard let handle = joined.withLock({ $0?.handle }) else { return }
        // The client has encoded these itself; what it could not decode again would be a mistake of ours.
        let received = messages.compactMap { message -> ReceivedMessage? in
            let head = try? MessageHead.decode(
                message.readableBytesUInt8Span, Self.serializer, trustsPayload: true)
            return head.map { ReceivedMessage(head: $0, bytes: message, serializer: Self.serializer) }
        }
        realm.receive(received, from: handle, self)
    }

    /// Waits until the caller of an invocation has taken most of what was sent to it.
    private func drained(_ invocation: RequestID) async {
        guard let handle = joined.withLock({ $0?.handle }) else { return }
        while realm.backlog(ofCallerOf: invocation, callee: handle) > Self.progressBacklogMax {
            // An interrupted callee has nothing to wait for, and could not.
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return }
        }
    }

    /// The module takes no more for now: its outbox fills, and those who feed it are not read from.
    private func pause(_ isPaused: Bool) {
        guard let handle = joined.withLock({ $0?.handle }) else { return }
        realm.writabilityChanged(handle, self, isWritable: !isPaused)
    }

    /// One chunk of progress may be on its way while the next is made.
    private static let progressBacklogMax = 1 << 20

    // MARK: To the module

    func deliver(_ delivery: Delivery) {
        guard let client = joined.withLock({ $0?.client }) else { return }
        delivery.forEachBuffer { parser.append($0) }
        do throws(FramingViolation) {
            while let event = try parser.next() {
                if case .message(let message, _) = event { client.receive(message) }
            }
        } catch {
            client.end(WAMPError(.protocolViolation))
        }
        if delivery.ending != .none { client.end(WAMPError(.closeRealm)) }
    }
}
