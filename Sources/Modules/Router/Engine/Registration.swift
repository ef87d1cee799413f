import WAMP

/// A registration of the realm: one procedure or pattern, shared by its callees.
struct Registration: URIRecord {
    /// A session that answers for the procedure.
    struct Callee: Sendable {
        var slot: Int32
        /// A number that no other callee of the realm ever had, this session's next registration included.
        var membership: UInt64
        var discloseCaller: Bool
        /// Keeps the caller's timeout itself.
        var forwardsTimeout: Bool
        /// At most so many invocations at a time; nil is no limit.
        var concurrency: Int?
        /// Invocations under way, where there is a limit.
        var active = 0
        /// Which calls of a sharded registration are its own; the same whenever the same authid registers.
        var shard: UInt64

        var hasRoom: Bool { concurrency.map { active < $0 } ?? true }
    }

    let id: UInt64
    let uri: URIBytes
    let match: MatchPolicy
    let invoke: InvocationPolicy
    /// Seconds since 1970.
    let created: Double
    /// In the order in which they registered.
    var callees: [Callee] = []
    /// Where round robin goes on.
    private var next = 0

    static let vacant = Registration(id: 0, uri: URIBytes(""), match: .exact, invoke: .single, created: 0)

    var registrationID: RegistrationID { RegistrationID(id) }

    init(id: UInt64, uri: URIBytes, match: MatchPolicy, invoke: InvocationPolicy, created: Double) {
        self.id = id
        self.uri = uri
        self.match = match
        self.invoke = invoke
        self.created = created
    }

    // MARK: Choosing

    /// Chooses the callee of the next call and counts the call as its own; nil when all are at their concurrency.
    /// Spec: "Shared Registration".
    ///
    /// - Parameter unavailable: callees that have sent this call back. The policy is applied as if they were not there,
    ///   which gives the rules of "Call Re-Routing": after `first` comes the one that registered next, and so on.
    mutating func chooseCallee(_ random: inout RandomSource, except unavailable: Set<UInt64> = []) -> Callee? {
        guard !callees.isEmpty else { return nil }
        let start: Int
        switch invoke {
        case .single, .first: start = 0
        case .last: start = callees.count - 1
        case .random: start = Int(random.next() % UInt64(callees.count))
        case .roundrobin: start = next % callees.count
        }
        if isEligible(start, except: unavailable) { return take(start) }
        if invoke == .random { return chooseAtRandom(&random, except: unavailable) }
        for offset in 1..<max(1, callees.count) {
            let step = invoke == .last ? callees.count - offset : offset
            let position = (start + step) % callees.count
            if isEligible(position, except: unavailable) { return take(position) }
        }
        return nil
    }

    /// Each callee that is left is as likely as any other.
    private mutating func chooseAtRandom(_ random: inout RandomSource, except unavailable: Set<UInt64>) -> Callee? {
        let eligible = callees.indices.filter { isEligible($0, except: unavailable) }
        guard !eligible.isEmpty else { return nil }
        return take(eligible[Int(random.next() % UInt64(eligible.count))])
    }

    /// Chooses the callee that a key belongs to; nil when it is at its concurrency. Spec: "Sharded Registration".
    ///
    /// By rendezvous hashing: a callee that comes takes its keys from all others alike, and one that goes gives its
    /// own back to all others alike. No other key moves.
    mutating func chooseCallee(ofKey key: String) -> Callee? {
        let hash = KeyHasher.stable.hash(Array(key.utf8).span)
        let scores = callees.map { KeyHasher.stable.hash(hash ^ $0.shard) }
        guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }), callees[best].hasRoom else { return nil }
        return take(best)
    }

    private func isEligible(_ position: Int, except unavailable: Set<UInt64>) -> Bool {
        callees[position].hasRoom && (unavailable.isEmpty || !unavailable.contains(callees[position].membership))
    }

    private mutating func take(_ position: Int) -> Callee {
        if callees[position].concurrency != nil { callees[position].active += 1 }
        if invoke == .roundrobin { next = (position + 1) % callees.count }
        return callees[position]
    }

    /// A call of a callee with a limit is over.
    mutating func release(_ membership: UInt64) {
        guard let position = callees.firstIndex(where: { $0.membership == membership }) else { return }
        callees[position].active -= 1
    }

    // MARK: Coming and going

    /// Adds a callee behind the others.
    mutating func addCallee(
        _ slot: Int32, authid: String, membership: UInt64, discloseCaller: Bool, forwardsTimeout: Bool,
        concurrency: Int?
    ) {
        callees.append(
            Callee(
                slot: slot, membership: membership, discloseCaller: discloseCaller, forwardsTimeout: forwardsTimeout,
                concurrency: concurrency, shard: freeShard(of: authid)))
    }

    /// Several callees of one authid have a share each.
    private func freeShard(of authid: String) -> UInt64 {
        let taken = Set(callees.map(\.shard))
        var shard = KeyHasher.stable.hash(Array(authid.utf8).span)
        while taken.contains(shard) { shard &+= 1 }
        return shard
    }

    /// Takes a callee out; round robin goes on with the one that would have been next.
    mutating func removeCallee(_ slot: Int32) {
        guard let position = callees.firstIndex(where: { $0.slot == slot }) else { return }
        callees.remove(at: position)
        if position < next { next -= 1 }
    }
}

extension KeyHasher {
    /// The same in every process: for what is to be stable, and is not worth an attack.
    static let stable = KeyHasher(seed: 0x6761_6E74_7279)
}
