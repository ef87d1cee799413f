// The options of requests as a client writes them. Absent means absent: the defaults are the specification's.

/// `PUBLISH.Options`.
package struct PublishOptions: Sendable, Hashable {
    package var acknowledge = false
    package var excludeMe = true
    package var discloseMe = false
    package var retain = false
    /// What the publication is about, so that one shard of the subscribers takes it ("Sharded Subscription").
    package var rkey: String?
    package var eligible: [SessionID]?
    package var eligibleAuthID: [String]?
    package var eligibleAuthRole: [String]?
    package var exclude: [SessionID] = []
    package var excludeAuthID: [String] = []
    package var excludeAuthRole: [String] = []
    /// What travels on to the receivers' details untouched: `ppt_…` and the older `enc_…`.
    package var forwarded: [ForwardedOption] = []
    package init() {}

    /// Whether any of the six lists restricts who may receive the event.
    package var restrictsReceivers: Bool {
        eligible != nil || eligibleAuthID != nil || eligibleAuthRole != nil
            || !exclude.isEmpty || !excludeAuthID.isEmpty || !excludeAuthRole.isEmpty
    }
}

/// An option that the router carries from one end to the other without looking inside, e.g. `ppt_scheme`.
package struct ForwardedOption: Sendable, Hashable {
    package var key: String
    package var value: Value

    package init(key: String, value: Value) {
        self.key = key
        self.value = value
    }
}

/// `SUBSCRIBE.Options`.
package struct SubscribeOptions: Sendable, Hashable {
    package var match: MatchPolicy = .exact
    package var getRetained = false
    /// The subscriber's shard ("Sharded Subscription").
    package var nkey: String?
    package init(match: MatchPolicy = .exact) { self.match = match }
}

/// How the dealer chooses among the callees of one procedure, `REGISTER.Options.invoke`.
///
/// Spec: WAMP-04 "Shared Registration".
package enum InvocationPolicy: UInt8, Sendable, Hashable, CaseIterable {
    case single, roundrobin, random, first, last

    /// The word on the wire.
    package var name: String {
        switch self {
        case .single: "single"
        case .roundrobin: "roundrobin"
        case .random: "random"
        case .first: "first"
        case .last: "last"
        }
    }
}

/// `REGISTER.Options`.
package struct RegisterOptions: Sendable, Hashable {
    package var match: MatchPolicy = .exact
    package var invoke: InvocationPolicy = .single
    package var forceReregister = false
    package var discloseCaller = false
    /// At most so many invocations under way at this callee; nil is no limit. Not of the specification: Crossbar's.
    package var concurrency: Int?
    /// The callee wants to keep the caller's timeout itself. Spec: "Call Timeouts".
    package var forwardTimeout = false
    package init(match: MatchPolicy = .exact, invoke: InvocationPolicy = .single) {
        self.match = match
        self.invoke = invoke
    }
}

/// `CALL.Options`.
package struct CallOptions: Sendable, Hashable {
    /// Milliseconds until the dealer gives up; 0 is never.
    package var timeoutMilliseconds: UInt64 = 0
    package var receiveProgress = false
    package var discloseMe = false
    /// Further payload follows under the same request id. Spec: "Progressive Call Invocations".
    package var progress = false
    package var runMode: RunMode?
    /// By which a partitioned call finds its callee.
    package var resourceKey: String?
    package var forwarded: [ForwardedOption] = []
    package init() {}
}

/// Which callees of a procedure a call is for, `CALL.Options.runmode`. Spec: WAMP-04 "Sharded Registration".
package enum RunMode: UInt8, Sendable, Hashable, CaseIterable {
    /// The specification has a heading for it, and no text.
    case all
    /// The one that `CALL.Options.rkey` belongs to.
    case partition

    /// The word on the wire.
    package var name: String {
        switch self {
        case .all: "all"
        case .partition: "partition"
        }
    }
}

/// `YIELD.Options`.
package struct YieldOptions: Sendable, Hashable {
    package var progress = false
    package var forwarded: [ForwardedOption] = []
    package init(progress: Bool = false) { self.progress = progress }
}

/// How a call is given up, `CANCEL.Options.mode`. Spec: WAMP-04 "Call Canceling".
package enum CancelMode: UInt8, Sendable, Hashable, CaseIterable {
    /// The caller gets its ERROR at once, the callee hears nothing.
    case skip
    /// The callee is interrupted, and what it answers reaches the caller.
    case kill
    /// The callee is interrupted, and the caller gets its ERROR at once.
    case killnowait

    /// The word on the wire.
    package var name: String {
        switch self {
        case .skip: "skip"
        case .kill: "kill"
        case .killnowait: "killnowait"
        }
    }
}
