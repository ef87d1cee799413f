package import ModuleKit
package import NIOCore
package import WAMP

/// A connection on which a serializer has been agreed, and no WAMP message has been read yet.
package struct TransportConnection: Sendable {
    /// Who is at the other end, before it has said so itself.
    package var peer: PeerIdentity
    /// What both ends agreed to speak, and how it is put on the wire.
    package var serializer: Serializer
    package var framing: Framing
    /// Several messages may be in a WebSocket message.
    package var isBatched = false
    /// WebSocket messages may be compressed, in both directions.
    package var deflate: PerMessageDeflate?
    /// Messages are text, so that UTF-8 is checked.
    package var isText: Bool { framing.isWebSocket && serializer == .json }
    /// The largest message read before WELCOME, in bytes, and after it.
    package var messageBytesMaxBeforeWelcome: Int
    package var messageBytesMax: Int
    /// The largest message that the peer reads, in bytes: its RawSocket handshake said so. Nil without a bound.
    package var peerMessageBytesMax: Int?
    /// The connection's place in the listener's limits.
    package var admission: any ConnectionAdmission

    package init(
        peer: PeerIdentity, serializer: Serializer, framing: Framing, messageBytesMaxBeforeWelcome: Int,
        messageBytesMax: Int, peerMessageBytesMax: Int? = nil, admission: any ConnectionAdmission
    ) {
        self.peer = peer
        self.serializer = serializer
        self.framing = framing
        self.messageBytesMaxBeforeWelcome = messageBytesMaxBeforeWelcome
        self.messageBytesMax = messageBytesMax
        self.peerMessageBytesMax = peerMessageBytesMax
        self.admission = admission
    }

    /// The parser of a WebSocket connection, at the limit before WELCOME. Invalid UTF-8 in a JSON message that arrived
    /// in one piece is left to the JSON reader.
    package func webSocketParser() -> WebSocketFrameParser {
        WebSocketFrameParser(
            side: .server, messageBytesMax: messageBytesMaxBeforeWelcome,
            messageType: isText ? .text : .binary, textCheck: .reader,
            inflates: deflate != nil)
    }

    /// Completes the frames of what is written; nil where messages are framed as a whole already.
    package var frameAssembler: FrameAssembler? {
        framing.isPartial ? FrameAssembler(isText: isText, isBatched: isBatched, deflate: deflate) : nil
    }

    /// The parser of a RawSocket connection, at the limit before WELCOME.
    package func rawSocketParser() -> RawSocketFrameParser {
        RawSocketFrameParser(messageBytesMax: messageBytesMaxBeforeWelcome)
    }
}

/// A connection's place in the listener's limits. The listener gives it back when the channel closes.
package protocol ConnectionAdmission: Sendable {
    /// The peer has been authenticated, and no longer counts among those that have not been. May be called twice.
    func authenticated()

    /// The session is over, and the peer may begin another one: it counts among those that have not been authenticated
    /// again.
    ///
    /// - Returns: false if there is no room for it.
    func beganAnew() -> Bool
}

/// Who takes the WAMP connections: the router.
package protocol WAMPConnectionAcceptor: Sendable {
    /// Takes a connection on which a serializer has been agreed, or refuses it with nil.
    ///
    /// Called on the channel's event loop, before the peer has the last word of the handshake. The handler that is
    /// returned is added to the pipeline as its last once that word is on its way: `handlerAdded` is called on an
    /// active channel, and from then on the handler alone reads and writes. It receives `ByteBuffer`s of frames as they
    /// came off the wire (and out of TLS), for one of the parsers here, and writes `ByteBuffer`s of whole frames. Its
    /// channel closes itself when the peer closes its half. It has to set its own deadline for the HELLO, and to react
    /// to `ChannelShouldQuiesceEvent` by saying GOODBYE.
    func accept(_ connection: TransportConnection, channel: any Channel) -> (any ChannelInboundHandler)?
}
