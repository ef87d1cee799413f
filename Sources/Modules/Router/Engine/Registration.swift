import WAMP

/// A registration of the realm: one procedure or pattern, shared by its callees.
struct Registration: URIRecord {
    /// A session that answers for the procedure.
    struct Callee: Sendable {
        var slot: Int32
        var discloseCaller: Bool
        /// At most so many invocations at a time; nil is no limit.
        var concurrency: Int?
        var active = 0

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

    /// Chooses the callee of the next call and counts the call as its own; nil when all are at their concurrency.
    /// Spec: "Shared Registration".
    mutating func chooseCallee(_ random: inout RandomSource) -> Callee? {
        guard !callees.isEmpty else { return nil }
        let start: Int
        switch invoke {
        case .single, .first: start = 0
        case .last: start = callees.count - 1
        case .random: start = Int(random.next() % UInt64(callees.count))
        case .roundrobin:
            start = next % callees.count
            next = (start + 1) % callees.count
        }
        for offset in callees.indices {
            let step = invoke == .last ? callees.count - offset : offset
            let position = (start + step) % callees.count
            guard callees[position].hasRoom else { continue }
            callees[position].active += 1
            return callees[position]
        }
        return nil
    }

    mutating func release(_ slot: Int32) {
        guard let position = callees.firstIndex(where: { $0.slot == slot }) else { return }
        callees[position].active -= 1
    }
}

/// A call, as its caller knows it.
struct CallKey: Hashable, Sendable {
    var caller: SessionHandle
    var request: RequestID
}

/// A call that was invoked and not yet answered.
struct PendingCall: Sendable {
    var key: CallKey
    var callee: SessionHandle
    var invocation: RequestID
    /// The registration's place in its table and its id, by which one sees that it is still the same.
    var registration: Int32
    var registrationID: UInt64
    var receiveProgress: Bool
    /// Milliseconds between the call and the first result, and between results; 0 is no limit.
    var timeoutMilliseconds: UInt64
    var deadline: UInt64 = 0
    /// The caller gave up with mode `kill`, and waits for what the callee says.
    var isKilled = false
}

/// All pending calls of a realm, found from either end.
struct PendingCalls: Sendable {
    private let hasher: KeyHasher
    private var calls: [PendingCall?] = []
    private var freeIndices: [Int32] = []
    private var byCall = HashIndex()
    private var byInvocation = HashIndex()

    init(hasher: KeyHasher) { self.hasher = hasher }

    var count: Int { calls.count - freeIndices.count }

    func find(_ key: CallKey) -> Int32? {
        byCall.find(hash(key.caller, key.request)) { calls[Int($0)]?.key == key }
    }

    func find(_ callee: SessionHandle, _ invocation: RequestID) -> Int32? {
        byInvocation.find(hash(callee, invocation)) { index in
            guard let call = calls[Int(index)] else { return false }
            return call.invocation == invocation && call.callee == callee
        }
    }

    subscript(index: Int32) -> PendingCall {
        get {
            guard let call = calls[Int(index)] else { preconditionFailure("a call outlived its index") }
            return call
        }
        set { calls[Int(index)] = newValue }
    }

    mutating func insert(_ call: PendingCall) -> Int32 {
        let index: Int32
        if let free = freeIndices.popLast() {
            index = free
            calls[Int(free)] = call
        } else {
            index = Int32(calls.count)
            calls.append(call)
        }
        byCall.insert(hash(call.key.caller, call.key.request), index)
        byInvocation.insert(hash(call.callee, call.invocation), index)
        return index
    }

    mutating func remove(_ index: Int32) {
        let call = self[index]
        byCall.remove(hash(call.key.caller, call.key.request), index)
        byInvocation.remove(hash(call.callee, call.invocation), index)
        calls[Int(index)] = nil
        freeIndices.append(index)
    }

    /// The calls that a session has to do with. Walks all of them: for sessions that leave in the middle of calls.
    func indices(of session: SessionHandle) -> [Int32] {
        calls.indices.compactMap { index in
            guard let call = calls[index] else { return nil }
            return call.callee == session || call.key.caller == session ? Int32(index) : nil
        }
    }

    private func hash(_ session: SessionHandle, _ request: RequestID) -> UInt64 {
        hasher.hash(session.id.rawValue &* 0x9E37_79B9_7F4A_7C15 ^ request.rawValue)
    }
}
