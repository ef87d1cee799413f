// Options as a client writes them: only what differs from the specification's defaults.

extension PublishOptions {
    /// `PUBLISH.Options`.
    package var dictionary: [String: Value] {
        var options = forwarded.dictionary
        if acknowledge { options["acknowledge"] = true }
        if !excludeMe { options["exclude_me"] = false }
        if discloseMe { options["disclose_me"] = true }
        if retain { options["retain"] = true }
        if let rkey { options["rkey"] = .string(rkey) }
        if let eligible { options["eligible"] = .list(eligible.map { .integer(Int64($0.rawValue)) }) }
        if let eligibleAuthID { options["eligible_authid"] = .list(eligibleAuthID.map { .string($0) }) }
        if let eligibleAuthRole { options["eligible_authrole"] = .list(eligibleAuthRole.map { .string($0) }) }
        if !exclude.isEmpty { options["exclude"] = .list(exclude.map { .integer(Int64($0.rawValue)) }) }
        if !excludeAuthID.isEmpty { options["exclude_authid"] = .list(excludeAuthID.map { .string($0) }) }
        if !excludeAuthRole.isEmpty { options["exclude_authrole"] = .list(excludeAuthRole.map { .string($0) }) }
        return options
    }
}

extension SubscribeOptions {
    /// `SUBSCRIBE.Options`.
    package var dictionary: [String: Value] {
        var options: [String: Value] = [:]
        if match != .exact { options["match"] = .string(match.name) }
        if getRetained { options["get_retained"] = true }
        if let nkey { options["nkey"] = .string(nkey) }
        return options
    }
}

extension RegisterOptions {
    /// `REGISTER.Options`.
    package var dictionary: [String: Value] {
        var options: [String: Value] = [:]
        if match != .exact { options["match"] = .string(match.name) }
        if invoke != .single { options["invoke"] = .string(invoke.name) }
        if forceReregister { options["force_reregister"] = true }
        if discloseCaller { options["disclose_caller"] = true }
        if let concurrency { options["concurrency"] = .integer(Int64(concurrency)) }
        if forwardTimeout { options["forward_timeout"] = true }
        return options
    }
}

extension CallOptions {
    /// `CALL.Options`.
    package var dictionary: [String: Value] {
        var options = forwarded.dictionary
        if timeoutMilliseconds > 0 { options["timeout"] = .integer(Int64(clamping: timeoutMilliseconds)) }
        if receiveProgress { options["receive_progress"] = true }
        if discloseMe { options["disclose_me"] = true }
        if progress { options["progress"] = true }
        if let runMode { options["runmode"] = .string(runMode.name) }
        if let resourceKey { options["rkey"] = .string(resourceKey) }
        return options
    }
}

extension [ForwardedOption] {
    fileprivate var dictionary: [String: Value] {
        Dictionary(map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }
}
