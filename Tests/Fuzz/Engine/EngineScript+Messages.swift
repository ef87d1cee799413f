import WAMP

@testable import Router

// What the sessions of a script send: mostly what they may, and a good part of what they may not.

extension EngineScript {
    /// One message of a peer.
    mutating func message(of peer: Int) -> Value {
        let last = requests[peer]
        switch input.below(24) {
        case 0...3: return .list([48, request(peer), options(Self.callOptions), .string(uri())] + payload())
        case 4...6: return .list([16, request(peer), options(Self.publishOptions), .string(uri())] + payload())
        case 7...8: return [32, request(peer), options(Self.subscribeOptions), .string(pattern())]
        case 9...10: return [64, request(peer), options(Self.registerOptions), .string(pattern())]
        case 11...13: return .list([70, invocation(peer), options(Self.yieldOptions)] + payload())
        case 14...15:
            let unavailable = "wamp.error.unavailable"
            let error = input.pick([unavailable, unavailable, unavailable, "com.error", "com.error", "no uri"])
            return .list([8, 68, invocation(peer), options(Self.yieldOptions), .string(error)] + payload())
        case 16: return [49, .integer(Int64(last) - Int64(input.below(3))), options(["mode"])]
        case 17: return [34, request(peer), smallID()]
        case 18: return [66, request(peer), smallID()]
        case 19...21: return metaCall(peer)
        case 22: return input.pick([[6, [:], "wamp.close.close_realm"], [3, [:], "com.error"]])
        default: return .list((0..<input.below(6)).map { _ in odd() })
        }
    }

    // MARK: Ids and URIs

    /// Mostly the next one.
    private mutating func request(_ peer: Int) -> Value {
        let last = requests[peer]
        let next: UInt64
        switch input.below(16) {
        case 0: next = last + 2
        case 1: next = last
        case 2: next = last > 0 ? last - 1 : 0
        case 3: next = input.pick([identifierMax, 0])
        default: next = last + 1
        }
        if next > last, next < identifierMax { requests[peer] = next }
        return .integer(Int64(next))
    }

    /// Of one of the last invocations that the peer was sent; rarely of one that it was not.
    private mutating func invocation(_ peer: Int) -> Value {
        guard let link = current[peer], let handle = connections[link]?.handle, engine.sessions.contains(handle) else {
            return 1
        }
        let last = Int64(engine.sessions[handle.slot].lastInvocation)
        return .integer(last + Int64(input.pick([0, 0, 0, 0, -1, -1, -2, -3, -3, 1])))
    }

    private mutating func smallID() -> Value { .integer(Int64(input.below(12))) }

    private mutating func uri() -> String {
        input.pick([
            "com.p", "com.t", "com.p", "com.t", "com.p", "com.t", "com.q", "com.a.x", "com.b.x", "com.b.y", "com",
            "org.x", "wamp.session.on_join", "com..x", "com.with space", "com.a.rather.long.one",
        ])
    }

    private mutating func pattern() -> String {
        input.pick([
            "com.p", "com.t", "com.p", "com.t", "com.p", "com.q", "com.a.x", "com.", "com..x", "com.b.", "", "wamp.",
            "wamp.session.on_leave", "wamp.subscription.on_create", "com.b.y", "#",
        ])
    }

    // MARK: Options

    private static let callOptions = [
        "progress", "receive_progress", "receive_progress", "timeout", "timeout", "disclose_me", "runmode", "rkey",
        "ppt_scheme",
    ]
    private static let publishOptions = [
        "acknowledge", "exclude_me", "disclose_me", "retain", "rkey", "exclude", "eligible", "exclude_authid",
        "eligible_authid", "exclude_authrole", "eligible_authrole", "ppt_scheme", "enc_algo",
    ]
    private static let subscribeOptions = ["match", "match", "get_retained", "nkey"]
    private static let registerOptions = [
        "invoke", "invoke", "invoke", "match", "concurrency", "force_reregister", "disclose_caller",
        "forward_timeout",
    ]
    private static let yieldOptions = ["progress", "progress", "ppt_scheme", "ppt_cipher"]

    /// None to five options of a message's own.
    private mutating func options(_ keys: [String]) -> Value {
        var options: [String: Value] = [:]
        for _ in 0..<input.pick([0, 0, 0, 1, 1, 2, 2, 5]) {
            let key = input.pick(keys)
            options[key] = option(key)
        }
        return .dictionary(options)
    }

    /// A value for an option, now and then of any type.
    private mutating func option(_ key: String) -> Value {
        let choice = input.byte()
        guard choice < 250 else { return odd() }
        func pick(_ choices: [Value]) -> Value { choices[Int(choice) % choices.count] }
        switch key {
        case "timeout": return pick([10, 50, 0, 1500, .integer(.max)])
        case "concurrency": return pick([1, 2, .integer(.max)])
        case "runmode": return pick(["partition", "partition", "all"])
        case "rkey", "nkey": return pick(["k", "l", "a longer key"])
        case "match": return pick(["prefix", "wildcard", "exact"])
        case "invoke": return pick(["roundrobin", "roundrobin", "random", "roundrobin", "first", "last", "single"])
        case "mode": return pick(["skip", "kill", "killnowait"])
        case "exclude", "eligible": return pick([[1], [2, 3], [], [1, 2, 3, 4, 5, 6]])
        case "exclude_authid", "eligible_authid": return pick([["ann"], ["bob"], [], ["ann", "bob"]])
        case "exclude_authrole", "eligible_authrole": return pick([["guest"], ["admin"], []])
        case "ppt_scheme", "ppt_serializer", "ppt_cipher", "enc_algo": return pick(["x_custom", "cbor", ""])
        default: return pick([true, false])
        }
    }

    /// A value of any type.
    mutating func odd() -> Value {
        switch input.below(16) {
        case 0: .null
        case 1: .bool(input.bit())
        case 2: .integer(Int64(Int8(bitPattern: input.byte())))
        case 3: .integer(input.pick([.max, .min, 1 << 53, 1 << 53 + 1]))
        case 4: .unsigned(.max)
        case 5: .double(input.pick([1.0, 0.5, -0.0, .infinity, .nan, 1e300]))
        case 6: .bytes(input.bytes(input.below(8)))
        case 7: .list((0..<input.below(4)).map { _ in smallID() })
        case 8: [.string(uri()), 1, .null]
        case 9: ["features": ["call_reroute": 1], "progress": true]
        case 10: .string("")
        case 11: .string("\0AAEC")
        case 12: .string("quoted \" \\ \n \u{1F600}")
        default: .string(uri())
        }
    }

    /// Arguments and keyword arguments, of any size up to some.
    private mutating func payload() -> [Value] {
        switch input.below(12) {
        case 0...3: []
        case 4: [[1]]
        case 5: [[1, "x"], ["k": 2]]
        case 6: [[.bytes([0, 1, 2])]]
        case 7: [[.bytes([0, 1, 2])], [:]]
        case 8: [.bytes([3, 4])]
        case 9: [[.string(String(repeating: "x", count: input.pick([600, 1100, 1500, 5000])))]]
        case 10: [[odd(), odd()], ["k": odd()]]
        default: [[["nested": [[[1.5]]]]], ["k": ["l": .null]]]
        }
    }

    // MARK: The meta API

    private static let metaProcedures = [
        "session.count", "session.list", "session.get", "session.kill", "session.kill_by_authid",
        "session.kill_by_authrole", "session.kill_all", "session.add_testament", "session.add_testament",
        "session.flush_testaments", "subscription.list", "subscription.lookup", "subscription.match",
        "subscription.get", "subscription.list_subscribers", "subscription.count_subscribers",
        "subscription.remove_subscriber", "subscription.get_events", "subscription.get_events",
        "topic.forget_retained", "registration.list", "registration.lookup", "registration.match",
        "registration.get", "registration.list_callees", "registration.count_callees",
        "registration.remove_callee", "reflection.procedure.list", "reflect.define", "reflect.describe",
        "reflection.topic.describe", "reflection.error.list",
    ]

    private mutating func metaCall(_ peer: Int) -> Value {
        let procedure = input.pick(Self.metaProcedures)
        let arguments: [Value]
        switch procedure {
        case "session.add_testament":
            arguments = [.string(uri()), [1], ["k": 1], options(Self.publishOptions), scope()]
        case "session.flush_testaments": arguments = [scope()]
        case "session.kill_by_authid", "session.kill_by_authrole":
            arguments = [.string(input.pick(["ann", "bob", "guest", "admin"])), reason()]
        case "session.kill_all": arguments = [reason()]
        case "session.kill", "session.get": arguments = [smallID(), reason()]
        case "subscription.remove_subscriber", "registration.remove_callee":
            arguments = [smallID(), smallID(), input.pick([.null, "why", 3])]
        case "subscription.get_events": arguments = [smallID(), query()]
        case "subscription.lookup", "registration.lookup", "subscription.match", "registration.match",
            "topic.forget_retained":
            arguments = [.string(pattern()), options(["match"])]
        case let name where name.hasPrefix("reflect"):
            let schema: Value = ["description": odd(), "text": .string(String(repeating: "x", count: 900))]
            arguments = [.string(uri()), schema, input.pick(["procedure", "topic", "error", .null])]
        default: arguments = [smallID()]
        }
        let isShort = input.below(8) == 7
        let kept = isShort ? Array(arguments.prefix(input.below(3))) : arguments
        return [48, request(peer), [:], .string("wamp." + procedure), .list(kept)]
    }

    private mutating func scope() -> Value { input.pick(["destroyed", "detached", .null, "never"]) }

    private mutating func reason() -> Value {
        let long = Value.string(String(repeating: "m", count: 1500))
        return input.pick([
            ["reason": "com.reason"], [:], ["reason": "no uri", "message": "m"], ["message": 1], .null,
            ["reason": "com.reason", "message": long],
        ])
    }

    private mutating func query() -> Value {
        let keys = [
            "reverse", "limit", "topic", "from_publication", "after_publication", "from_time", "after_time",
            "before_time", "until_time",
        ]
        var query: [String: Value] = [:]
        for _ in 0..<input.below(4) {
            let key = input.pick(keys)
            switch key {
            case "reverse": query[key] = true
            case "limit", "from_publication", "after_publication": query[key] = smallID()
            case "topic": query[key] = .string(uri())
            default:
                query[key] = input.pick([
                    "2026-11-21T04:31:10.123Z", "2026-11-21T04:31:10+23:59", "9999-12-31T23:59:59.999999999Z",
                    "0000-01-01T00:00:00Z", "2026-13-01", .string("\(input.byte())-01-01T00:00:60Z"),
                ])
            }
        }
        return input.below(8) == 7 ? smallID() : .dictionary(query)
    }
}
