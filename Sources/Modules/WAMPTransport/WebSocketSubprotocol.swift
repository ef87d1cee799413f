package import WAMP

/// A WebSocket subprotocol of WAMP: which serializer, and how many messages are in a WebSocket message.
/// Spec: "WebSocket Transport", "Message Batching".
package struct WebSocketSubprotocol: Sendable, Hashable {
    package var serializer: Serializer
    package var isBatched: Bool

    package init(_ serializer: Serializer, isBatched: Bool = false) {
        self.serializer = serializer
        self.isBatched = isBatched
    }

    /// `wamp.2.json`, `wamp.2.json.batched`, …
    package var name: String { isBatched ? serializer.subprotocol + ".batched" : serializer.subprotocol }

    /// All that are spoken here.
    package static let all = [false, true].flatMap { isBatched in
        Serializer.allCases.map { WebSocketSubprotocol($0, isBatched: isBatched) }
    }

    /// The first one offered that is ours: the client's order decides.
    package static func first(among offered: some Sequence<some StringProtocol>) -> WebSocketSubprotocol? {
        for name in offered {
            if let known = all.first(where: { $0.name == name }) { return known }
        }
        return nil
    }
}
