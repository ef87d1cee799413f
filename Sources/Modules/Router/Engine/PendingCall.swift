import WAMP

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
    /// The registration's id and its place in its table, by which one sees that it is still the same.
    var registrationID: UInt64
    var registration: Int32
    /// By which the registration knows the callee; see `Registration.Callee`.
    var membership: UInt64
    /// Counts towards its callee's `concurrency`.
    var isCounted: Bool
    var receivesProgress: Bool
    /// The caller has more to send. Spec: "Progressive Call Invocations".
    var isProgressing: Bool
    /// How many INVOCATIONs its callee has been sent, as far as this counts.
    var parts: UInt8 = 1
    /// The caller gave up with mode `kill`, and waits for what the callee says.
    var isKilled = false
    /// The caller has had a progressive result: whoever gave it cannot be replaced any more.
    var hasProgressed = false
    /// Milliseconds between the call and the first result, and between results; 0 is none that the dealer keeps.
    var timeoutMilliseconds: UInt64
    var deadline: UInt64 = 0

    // Kept by `PendingCalls`.

    /// The number of the deadline in its queue; 0 is none.
    var timer: UInt64 = 0
    var isKept = false
    var isOver = false
    var callerLinks = ListLinks()
    var calleeLinks = ListLinks()

    init(
        key: CallKey, callee: SessionHandle, invocation: RequestID, registration: Int32, registrationID: UInt64,
        membership: UInt64, isCounted: Bool, receivesProgress: Bool, isProgressing: Bool, timeoutMilliseconds: UInt64
    ) {
        self.key = key
        self.callee = callee
        self.invocation = invocation
        self.registration = registration
        self.registrationID = registrationID
        self.membership = membership
        self.isCounted = isCounted
        self.receivesProgress = receivesProgress
        self.isProgressing = isProgressing
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

/// The neighbours in a list that runs through an array; -1 is none.
struct ListLinks: Sendable, BitwiseCopyable {
    var previous: Int32 = -1
    var next: Int32 = -1
}

/// What is kept of a call as long as another INVOCATION may have to be made of it: because its caller has more to send
/// ("Progressive Call Invocations") or because its callee may be unavailable ("Call Re-Routing"). Most calls need none.
struct KeptCall: Sendable {
    /// `CALL.Procedure`.
    var procedure: [UInt8]
    /// The options of the CALL that began it: they hold for all that follow.
    var options: CallOptions
    /// How long they were in the message.
    var optionsByteCount: Int
    /// What the callee was told, and is told again with each payload that follows.
    var details: InvocationDetails
    var isPassthru: Bool
    /// The payload of a call that may be re-routed: one copy, whoever it goes to.
    var payload: KeptPayload?
    /// The memberships of the callees that were unavailable.
    var unavailable: Set<UInt64> = []

    /// What the caller made the realm keep.
    var byteCount: Int { optionsByteCount + procedure.count + (payload?.bytes.count ?? 0) }
}

/// A payload that outlives its frame.
struct KeptPayload: Sendable {
    let serializer: Serializer
    let bytes: [UInt8]
    let range: PayloadRange

    init(_ payload: PayloadRange, _ frame: Span<UInt8>, _ serializer: Serializer) {
        self.serializer = serializer
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.arguments.count + payload.argumentsKw.count)
        bytes.append(copying: frame.extracting(payload.arguments.range))
        let middle = bytes.count
        bytes.append(copying: frame.extracting(payload.argumentsKw.range))
        range = PayloadRange(arguments: ByteRange(0, middle), argumentsKw: ByteRange(middle, bytes.count))
        self.bytes = bytes
    }
}
