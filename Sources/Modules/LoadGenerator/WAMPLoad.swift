package import WAMP
package import WAMPClient

/// What the peers of a load say to a WAMP router.
package struct WAMPLoad: Sendable {
    package var endpoint: ClientEndpoint
    package var realm: String
    /// The load is spread over realms that are called `realm` and a number from 1.
    package var hasNumberedRealms = false
    /// Who the peers are, in turn.
    package var authentications = [ClientAuthentication.anonymous]
    /// Of callers and publishers, and of those who wait: two that differ have the router transcode.
    package var serializer = Serializer.messagePack
    package var receiverSerializer = Serializer.messagePack
    /// What all topics and procedures begin with.
    package var uri = "gantry.bench"
    /// How subscribers match.
    package var match = MatchPolicy.exact
    package var topicCount = 1
    /// Publications ask for their acknowledgement.
    package var acknowledges = false
    /// Bytes of the one string that is called and published with.
    package var payloadBytes = 16
    /// Calls go here, with what `makePayload` says, instead of to a callee of the load.
    package var procedure: String?
    package var makePayload: (@Sendable (_ caller: Int, _ number: UInt64) -> Payload)?

    package init(endpoint: ClientEndpoint, realm: String) {
        self.endpoint = endpoint
        self.realm = realm
    }

    package func codec(for role: LoadRole) -> any LoadCodec { WAMPCodec(self, role) }

    func realm(of role: LoadRole) -> String { hasNumberedRealms ? "\(realm)\(role.realm + 1)" : realm }

    func authentication(of role: LoadRole) -> ClientAuthentication {
        authentications.isEmpty ? .anonymous : authentications[role.number % authentications.count]
    }

    func serializer(of role: LoadRole) -> Serializer {
        switch role.kind {
        case .callee, .subscriber: receiverSerializer
        case .caller, .publisher, .idle: serializer
        }
    }

    // MARK: Topics

    // Fixed in width, so that no topic's prefix is another's.
    private func number(_ topic: Int) -> String { String(String(topic + 1_000_000).dropFirst()) }

    /// Where publications go.
    func topic(_ number: Int) -> String {
        topicCount > 1 ? "\(uri).t\(self.number(number)).any.value" : "\(uri).topic"
    }

    /// What is subscribed to in order to get them; no pattern matches another topic.
    func subscription(_ number: Int) -> String {
        guard topicCount > 1 else { return topic(number) }
        switch match {
        case .exact: return topic(number)
        case .prefix: return "\(uri).t\(self.number(number))"
        case .wildcard: return "\(uri).t\(self.number(number))..value"
        }
    }
}
