import WAMP

/// The topics that a subscription covers, to be asked about many of them.
///
/// The other way round, from a topic to the subscriptions that it matches, is `URITable`'s.
struct TopicPattern: Sendable {
    private let uri: URIBytes
    private let match: MatchPolicy
    private let components: [ArraySlice<UInt8>]

    init(_ uri: URIBytes, _ match: MatchPolicy) {
        self.uri = uri
        self.match = match
        components = match == .wildcard ? uri.components : []
    }

    /// Whether there could be a topic that another pattern covers too. Says yes where it cannot tell at a glance.
    func overlaps(_ other: URIBytes, _ otherMatch: MatchPolicy) -> Bool {
        switch (match, otherMatch) {
        case (_, .exact): matches(other)
        case (.exact, _): TopicPattern(other, otherMatch).matches(uri)
        case (.prefix, .prefix): other.bytes.starts(with: uri.bytes) || uri.bytes.starts(with: other.bytes)
        case (.wildcard, .wildcard): components.count == other.components.count
        case (.prefix, .wildcard), (.wildcard, .prefix): true
        }
    }

    func matches(_ topic: URIBytes) -> Bool {
        switch match {
        case .exact: return uri == topic
        case .prefix: return topic.bytes.starts(with: uri.bytes)
        case .wildcard:
            // Both are walked at once; an empty component passes over one of the topic.
            var position = 0
            for component in components {
                guard position <= topic.count else { return false }
                let end = topic.bytes[position...].firstIndex(of: UInt8(ascii: ".")) ?? topic.count
                guard component.isEmpty || component.elementsEqual(topic.bytes[position..<end]) else { return false }
                position = end + 1
            }
            return position == topic.count + 1
        }
    }
}
