import ArgumentParser
import LoadGenerator

/// What `gantry bench` measures; see its help.
enum BenchMode: String, CaseIterable, ExpressibleByArgument, Sendable {
    case rpc, fanout, fanin, ack, sparse, join, idle, append

    /// Whether events are told apart by a stamp in their payload.
    var needsStamp: Bool { self == .fanout || self == .fanin || self == .sparse }

    /// What one operation is, in words.
    var operation: String {
        switch self {
        case .rpc: "call"
        case .fanout, .fanin, .sparse: "delivered event"
        case .ack: "acknowledged publication"
        case .join: "session joined and left"
        case .idle: "session joined"
        case .append: "answered append"
        }
    }

    /// The load of so many peers.
    ///
    /// - Parameters:
    ///   - peers: callers, subscribers, publishers or sessions, in each realm.
    ///   - depth: what each of those who act has under way.
    ///   - topics: with more than one, every publication reaches one of the subscribers, who share them.
    func plan(peers: Int, depth: Int, rate: Double, realms: Int = 1, topics: Int = 1) -> LoadPlan {
        func make(_ kind: LoadRole.Kind, _ count: Int) -> [LoadRole] {
            LoadRole.make(kind, count, inEachOf: realms)
        }
        switch self {
        case .rpc:
            return LoadPlan(.calls(depth: depth), roles: make(.callee, 1) + make(.caller, peers))
        case .append:
            return LoadPlan(.calls(depth: depth), roles: make(.caller, peers))
        case .fanout, .sparse:
            let subscribers =
                topics > 1
                ? LoadRole.subscribers(peers, sharing: topics)
                : make(.subscriber, peers)
            let traffic: LoadPlan.Traffic = self == .sparse ? .scheduled(perSecond: rate) : .publications(window: depth)
            var plan = LoadPlan(traffic, roles: subscribers + make(.publisher, 1))
            plan.deliveriesPerPublication = topics > 1 ? 1 : peers
            plan.topicCount = topics
            return plan
        case .fanin:
            return LoadPlan(.publications(window: depth), roles: make(.subscriber, 1) + make(.publisher, peers))
        case .ack:
            return LoadPlan(.acknowledged(depth: depth), roles: make(.publisher, peers))
        case .join, .idle:
            return LoadPlan(.none, roles: self == .join ? [] : make(.idle, peers))
        }
    }
}
