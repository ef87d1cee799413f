/// How messages become bytes. The raw values are the serializer ids of the RawSocket handshake.
package enum Serializer: UInt8, Sendable, Hashable, CaseIterable {
    case json = 1
    case messagePack = 2
    case cbor = 3

    // Written out, so that it is inlined everywhere: the router compares serializers for each message.
    @inlinable
    package static func == (lhs: Serializer, rhs: Serializer) -> Bool {
        switch (lhs, rhs) {
        case (.json, .json), (.messagePack, .messagePack), (.cbor, .cbor): true
        default: false
        }
    }

    /// The WebSocket subprotocol, "WebSocket Transport": one message per WebSocket message.
    package var subprotocol: String {
        switch self {
        case .json: "wamp.2.json"
        case .messagePack: "wamp.2.msgpack"
        case .cbor: "wamp.2.cbor"
        }
    }

    /// The name that WAMP uses for the serializer in URIs and options (`json`, `msgpack`, `cbor`).
    package var name: String {
        switch self {
        case .json: "json"
        case .messagePack: "msgpack"
        case .cbor: "cbor"
        }
    }
}
