/// What a load consists of: who connects, what they do, and for how long.
package struct LoadPlan: Sendable {
    package enum Traffic: Sendable, Hashable {
        /// Every caller keeps `depth` calls under way.
        case calls(depth: Int)
        /// Every publisher keeps `depth` publications under way that are acknowledged.
        case acknowledged(depth: Int)
        /// Every publisher has at most `window` publications under way that have not reached all their subscribers.
        case publications(window: Int)
        /// Publications by the clock, whatever becomes of the ones before: an open loop.
        case scheduled(perSecond: Double)
        /// Nothing but what keeps a connection alive.
        case none
    }

    package var traffic: Traffic
    /// Those who wait (callees, subscribers) before those who act.
    package var roles: [LoadRole]
    /// How many subscribers one publication reaches.
    package var deliveriesPerPublication = 1
    /// How many topics there are; publications go to all of them in turn.
    package var topicCount = 1
    package var warmUp: Duration = .seconds(1)
    package var window: Duration = .seconds(2)
    package var windowCount = 3

    package init(_ traffic: Traffic, roles: [LoadRole]) {
        self.traffic = traffic
        self.roles = roles
    }

    /// Connections that may be on their way to their sessions at once. Small backlogs (mosquitto's is 100) have room.
    package static let openingMax = 64
}

/// What one connection of a load does.
package struct LoadRole: Sendable, Hashable {
    package enum Kind: Sendable, Hashable { case caller, callee, publisher, subscriber, idle }

    package var kind: Kind
    /// Among those of its kind, from 0.
    package var number: Int
    /// The realm it joins, from 0.
    package var realm: Int
    /// What a subscriber subscribes to, by number.
    package var topics: Range<Int>

    package init(_ kind: Kind, number: Int, realm: Int = 0, topics: Range<Int> = 0..<1) {
        self.kind = kind
        self.number = number
        self.realm = realm
        self.topics = topics
    }

    /// So many of one kind in each realm, numbered through.
    package static func make(_ kind: Kind, _ count: Int, inEachOf realms: Int = 1) -> [LoadRole] {
        (0..<realms).flatMap { realm in
            (0..<count).map { LoadRole(kind, number: realm * count + $0, realm: realm) }
        }
    }

    /// So many subscribers that share the topics among them, each its own; fewer, where there are fewer topics.
    package static func subscribers(_ count: Int, sharing topicCount: Int) -> [LoadRole] {
        let each = max(1, (topicCount + count - 1) / max(1, count))
        return stride(from: 0, to: topicCount, by: each).enumerated().map { number, first in
            LoadRole(.subscriber, number: number, topics: first..<min(first + each, topicCount))
        }
    }
}

/// Why a load could not be put on a server, in one sentence.
package struct LoadError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String
    /// Nobody is there, or has gone: not the fault of what was asked.
    package var isConnection: Bool

    package init(_ description: String, isConnection: Bool = false) {
        self.description = description
        self.isConnection = isConnection
    }
}
