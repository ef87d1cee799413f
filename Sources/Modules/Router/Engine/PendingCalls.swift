import WAMP

/// All pending calls of a realm, found from either end, by session and by id.
///
/// Each session's calls and invocations hang together in two lists, so that its leaving costs what it had under way and
/// not what the realm has.
struct PendingCalls: Sendable {
    /// What one session has under way.
    private struct Ends: Sendable, BitwiseCopyable {
        var firstCall: Int32 = -1
        var callCount: Int32 = 0
        var firstInvocation: Int32 = -1
        var invocationCount: Int32 = 0
        /// Bytes kept of its calls.
        var keptByteCount = 0
    }

    private let hasher: KeyHasher
    /// A place without a call holds one that is over (`isOver`): reading a call costs no look at whether there is one.
    private var calls: [PendingCall] = []
    private var freeIndices: [Int32] = []
    private var byCall = HashIndex()
    private var byInvocation = HashIndex()
    /// By the session's slot.
    private var ends: [Ends] = []
    private var kept: [Int32: KeptCall] = [:]
    private var lastTimer: UInt64 = 0
    /// How many calls have a deadline.
    private(set) var timedCount = 0
    /// When so few calls are left, places behind the last one are given back.
    private var trimAt = 0

    /// So many places are kept, whoever needed them.
    private static let placesMin = 1024

    init(hasher: KeyHasher) { self.hasher = hasher }

    var count: Int { calls.count - freeIndices.count }

    /// How many calls there is room for without an allocation.
    var placeCount: Int { calls.count }

    // MARK: Finding

    func find(_ key: CallKey) -> Int32? {
        byCall.find(hash(key.caller, key.request)) { calls[Int($0)].key == key }
    }

    func find(_ callee: SessionHandle, _ invocation: RequestID) -> Int32? {
        byInvocation.find(hash(callee, invocation)) { index in
            calls[Int(index)].invocation == invocation && calls[Int(index)].callee == callee
        }
    }

    subscript(index: Int32) -> PendingCall {
        _read {
            assert(!calls[Int(index)].isOver, "a call outlived its index")
            yield calls[Int(index)]
        }
        _modify {
            assert(!calls[Int(index)].isOver, "a call outlived its index")
            yield &calls[Int(index)]
        }
    }

    func callCount(of slot: Int32) -> Int { end(of: slot).map { Int($0.callCount) } ?? 0 }
    func invocationCount(of slot: Int32) -> Int { end(of: slot).map { Int($0.invocationCount) } ?? 0 }

    /// Any of the calls that a session has made.
    func firstCall(of slot: Int32) -> Int32? { end(of: slot).flatMap { $0.firstCall >= 0 ? $0.firstCall : nil } }

    /// Any of the calls that a session has to answer.
    func firstInvocation(of slot: Int32) -> Int32? {
        end(of: slot).flatMap { $0.firstInvocation >= 0 ? $0.firstInvocation : nil }
    }

    private func end(of slot: Int32) -> Ends? { Int(slot) < ends.count ? ends[Int(slot)] : nil }

    // MARK: Coming and going

    mutating func insert(_ call: PendingCall) -> Int32 {
        var call = call
        let caller = Int(call.key.caller.slot)
        let callee = Int(call.callee.slot)
        while ends.count <= max(caller, callee) { ends.append(Ends()) }
        call.callerLinks = ListLinks(next: ends[caller].firstCall)
        call.calleeLinks = ListLinks(next: ends[callee].firstInvocation)
        let index: Int32
        if let free = freeIndices.popLast() {
            index = free
            calls[Int(free)] = call
        } else {
            index = Int32(calls.count)
            calls.append(call)
            trimAt = calls.count / 8
        }
        byCall.insert(hash(call.key.caller, call.key.request), index)
        byInvocation.insert(hash(call.callee, call.invocation), index)
        if call.callerLinks.next >= 0 { calls[Int(call.callerLinks.next)].callerLinks.previous = index }
        ends[caller].firstCall = index
        ends[caller].callCount += 1
        becomeFirstInvocation(index, of: callee, before: call.calleeLinks.next)
        return index
    }

    mutating func remove(_ index: Int32) {
        let call = self[index]
        if call.isKept { forget(index) }
        leaveCallee(call, index)
        byCall.remove(hash(call.key.caller, call.key.request), index)
        let caller = Int(call.key.caller.slot)
        let links = call.callerLinks
        if links.previous >= 0 {
            calls[Int(links.previous)].callerLinks.next = links.next
        } else {
            ends[caller].firstCall = links.next
        }
        if links.next >= 0 { calls[Int(links.next)].callerLinks.previous = links.previous }
        ends[caller].callCount -= 1
        if call.timer != 0 { timedCount -= 1 }
        calls[Int(index)].isOver = true
        freeIndices.append(index)
        if count <= trimAt, calls.count > Self.placesMin { trim() }
    }

    /// Gives a call to another callee.
    mutating func move(_ index: Int32, to callee: SessionHandle, _ invocation: RequestID) {
        leaveCallee(self[index], index)
        let slot = Int(callee.slot)
        while ends.count <= slot { ends.append(Ends()) }
        self[index].callee = callee
        self[index].invocation = invocation
        self[index].calleeLinks = ListLinks(next: ends[slot].firstInvocation)
        byInvocation.insert(hash(callee, invocation), index)
        becomeFirstInvocation(index, of: slot, before: ends[slot].firstInvocation)
    }

    private mutating func becomeFirstInvocation(_ index: Int32, of callee: Int, before next: Int32) {
        if next >= 0 { calls[Int(next)].calleeLinks.previous = index }
        ends[callee].firstInvocation = index
        ends[callee].invocationCount += 1
    }

    private mutating func leaveCallee(_ call: PendingCall, _ index: Int32) {
        let callee = Int(call.callee.slot)
        byInvocation.remove(hash(call.callee, call.invocation), index)
        let links = call.calleeLinks
        if links.previous >= 0 {
            calls[Int(links.previous)].calleeLinks.next = links.next
        } else {
            ends[callee].firstInvocation = links.next
        }
        if links.next >= 0 { calls[Int(links.next)].calleeLinks.previous = links.previous }
        ends[callee].invocationCount -= 1
    }

    /// Gives back the places behind the last call that is left. Tried again at half the number, so that a long call at
    /// the end does not make every other one look for what is not there.
    private mutating func trim() {
        let used = (calls.lastIndex { !$0.isOver } ?? -1) + 1
        trimAt = count / 2
        let kept = max(used, Self.placesMin)
        guard kept < calls.count else { return }
        calls = Array(calls[..<kept])
        // The lowest places are taken first, so that the end becomes free again.
        freeIndices = (0..<kept).reversed().compactMap { calls[$0].isOver ? Int32($0) : nil }
    }

    // MARK: What is kept of a call

    /// - Parameter index: a call of which nothing is kept yet.
    mutating func keep(_ index: Int32, _ call: KeptCall) {
        self[index].isKept = true
        ends[Int(self[index].key.caller.slot)].keptByteCount += call.byteCount
        kept[index] = call
    }

    func kept(_ index: Int32) -> KeptCall? { self[index].isKept ? kept[index] : nil }

    /// The caller sends more: the first payload alone is the call no longer.
    mutating func forgetPayload(_ index: Int32) {
        guard self[index].isKept, let payload = kept[index]?.payload else { return }
        ends[Int(self[index].key.caller.slot)].keptByteCount -= payload.bytes.count
        kept[index]?.payload = nil
    }

    mutating func forget(_ index: Int32) {
        guard self[index].isKept, let call = kept.removeValue(forKey: index) else { return }
        ends[Int(self[index].key.caller.slot)].keptByteCount -= call.byteCount
        self[index].isKept = false
        if kept.capacity > 2 * Self.placesMin, kept.count * 8 < kept.capacity {
            // A dictionary keeps its capacity; one that is made of what is left has no more than that takes.
            kept = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
        }
    }

    /// For how many calls there is room in what is kept.
    var keptCapacity: Int { kept.capacity }

    func keptByteCount(of slot: Int32) -> Int { end(of: slot)?.keptByteCount ?? 0 }

    // MARK: Deadlines

    /// A deadline's place in the queue: a call, as long as the number is the call's own.
    struct Timer: Sendable, Hashable {
        fileprivate var index: Int32
        fileprivate var number: UInt64
    }

    /// Numbers a call's deadline; nil when it has one already.
    mutating func startTimer(_ index: Int32) -> Timer? {
        guard self[index].timer == 0 else { return nil }
        lastTimer += 1
        timedCount += 1
        self[index].timer = lastTimer
        return Timer(index: index, number: lastTimer)
    }

    mutating func stopTimer(_ index: Int32) {
        guard self[index].timer != 0 else { return }
        timedCount -= 1
        self[index].timer = 0
    }

    /// The call that a deadline is for; nil when it is over.
    func find(_ timer: Timer) -> Int32? {
        guard Int(timer.index) < calls.count, calls[Int(timer.index)].timer == timer.number else { return nil }
        return calls[Int(timer.index)].isOver ? nil : timer.index
    }

    private func hash(_ session: SessionHandle, _ request: RequestID) -> UInt64 {
        hasher.hash(session.id.rawValue &* 0x9E37_79B9_7F4A_7C15 ^ request.rawValue)
    }
}
