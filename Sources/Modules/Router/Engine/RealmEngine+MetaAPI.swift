import ModuleKit
import WAMP

// The procedures of the meta API, answered by the router itself.
// Spec: WAMP-04 "Session Meta API", "Registration Meta API", "Subscription Meta API".

extension RealmEngine {
    /// Answers a CALL of a procedure below `wamp.`.
    mutating func callMetaAPI(_ message: IncomingMessage, _ procedure: String, _ bytes: Span<UInt8>) {
        do throws(MetaError) {
            let slot = message.sender.slot
            guard sessions[slot].outbox.byteCount < sessions[slot].outboxBytesMax else {
                throw MetaError(.limitExceeded, "too much is waiting for this session already")
            }
            let arguments = try MetaArguments(message, bytes)
            if procedure == "wamp.subscription.get_events", history.isEnabled {
                return try getEvents(message, arguments)
            }
            let result = try metaResult(procedure, arguments, message.sender)
            guard sessions.contains(message.sender) else { return }
            let serializer = sessions[message.sender.slot].format.serializer
            let encoded = result.map { Value.list([$0]).encoded(serializer) } ?? []
            let isSent = send(to: message.sender.slot) {
                $0.result(
                    message.request, YieldOptions(), PayloadRange(arguments: ByteRange(0, encoded.count)), encoded.span)
            }
            guard isSent else {
                throw MetaError(.payloadSizeExceeded, "the result is longer than this session's transport takes")
            }
        } catch {
            refuse(message, error.uri, error.sentence)
        }
    }

    /// Nil is a result without arguments.
    private mutating func metaResult(
        _ procedure: String, _ arguments: MetaArguments, _ caller: SessionHandle
    ) throws(MetaError) -> Value? {
        if procedure.utf8.starts(with: "wamp.reflect".utf8) {
            return try reflectionResult(procedure, arguments, caller)
        }
        switch procedure {
        case "wamp.session.count": return .integer(Int64(sessions(withRoles: try arguments.roles()).count))
        case "wamp.session.list": return .list(sessions(withRoles: try arguments.roles()).map(\.value))
        case "wamp.session.get": return .dictionary(sessions[try session(arguments)].details)
        case "wamp.session.kill":
            let slot = try session(arguments)
            guard slot != caller.slot else { throw MetaError(.noSuchSession, "a session cannot kill itself") }
            guard !sessions[slot].isLocal else { throw MetaError(.noSuchSession, "the session is the router's own") }
            dismiss(sessions.handle(of: slot), try arguments.reason(), arguments.message)
            return nil
        case "wamp.session.kill_by_authid":
            let authid = try arguments.string(0, "authid")
            return .list(try kill(arguments, except: caller) { $0.principal.authid == authid }.map(\.value))
        case "wamp.session.kill_by_authrole":
            let authrole = try arguments.string(0, "authrole")
            let killed = try kill(arguments, except: caller) { $0.principal.authrole == authrole }
            return .integer(Int64(killed.count))
        case "wamp.session.kill_all":
            return .integer(Int64(try kill(arguments, except: caller, isTold: false) { _ in true }.count))
        case "wamp.session.add_testament":
            try addTestament(arguments, caller)
            return nil
        case "wamp.session.flush_testaments":
            try flushTestaments(arguments, caller)
            return nil
        case "wamp.subscription.list": return subscriptions.listing
        case "wamp.subscription.lookup": return try lookup(arguments, in: subscriptions)
        case "wamp.subscription.match": return try matchingSubscriptions(arguments)
        case "wamp.subscription.get":
            return .dictionary(subscriptions[try record(arguments, in: subscriptions, .noSuchSubscription)].details)
        case "wamp.subscription.list_subscribers": return .list(try subscribers(arguments).map(\.value))
        case "wamp.subscription.count_subscribers": return .integer(Int64(try subscribers(arguments).count))
        case "wamp.subscription.remove_subscriber": return try removeSubscriber(arguments)
        case "wamp.topic.forget_retained": return try forgetRetained(arguments, caller)
        case "wamp.registration.list": return registrations.listing
        case "wamp.registration.lookup": return try lookup(arguments, in: registrations)
        case "wamp.registration.match":
            let uri = Array(try arguments.string(0, "uri").utf8)
            return bestRegistration(for: uri.span).map { .integer(Int64(registrations[$0].id)) } ?? .null
        case "wamp.registration.get":
            return .dictionary(registrations[try record(arguments, in: registrations, .noSuchRegistration)].details)
        case "wamp.registration.list_callees": return .list(try callees(arguments).map(\.value))
        case "wamp.registration.count_callees": return .integer(Int64(try callees(arguments).count))
        case "wamp.registration.remove_callee": return try removeCallee(arguments)
        default: throw MetaError(.noSuchProcedure, "the router has no procedure \(procedure)")
        }
    }

    // MARK: Sessions

    private func sessions(withRoles roles: [String]?) -> [SessionID] {
        sessions.handles { roles?.contains($0.principal.authrole) ?? true }.map(\.id)
    }

    private func session(_ arguments: MetaArguments) throws(MetaError) -> Int32 {
        let id = try arguments.id(0, "session")
        guard let slot = sessions.slot(of: SessionID(id)) else {
            throw MetaError(.noSuchSession, "there is no session \(id)")
        }
        return slot
    }

    /// Ends sessions; never the caller's, nor those of this process, which are the router's own.
    private mutating func kill(
        _ arguments: MetaArguments, except caller: SessionHandle, isTold: Bool = true,
        where isMeant: (SessionRecord) -> Bool
    ) throws(MetaError) -> [SessionID] {
        let reason = try arguments.reason()
        let victims = sessions.handles { $0.id != caller.id && !$0.isLocal && isMeant($0) }
        let disclosures = victims.map { sessions[$0.slot].disclosure }
        for victim in victims { dismiss(victim, reason, arguments.message, isTold: isTold) }
        if !isTold { announceLeaveWithin(disclosures) }
        return victims.map(\.id)
    }

    // MARK: Subscriptions and registrations

    private func record<Record>(
        _ arguments: MetaArguments, in table: URITable<Record>, _ missing: ErrorURI
    ) throws(MetaError) -> Int32 {
        let id = try arguments.id(0, "id")
        guard let index = table.find(id: id) else { throw MetaError(missing, "there is none with the id \(id)") }
        return index
    }

    private func lookup<Record>(_ arguments: MetaArguments, in table: URITable<Record>) throws(MetaError) -> Value {
        let uri = Array(try arguments.string(0, "uri").utf8)
        var match = MatchPolicy.exact
        if let word = arguments.options["match"]?.string {
            guard let policy = MatchPolicy.allCases.first(where: { $0.name == word }) else {
                throw MetaError(.invalidArgument, "options.match: expected exact, prefix or wildcard")
            }
            match = policy
        }
        return table.find(uri.span, match).map { .integer(Int64(table[$0].id)) } ?? .null
    }

    private func matchingSubscriptions(_ arguments: MetaArguments) throws(MetaError) -> Value {
        let uri = Array(try arguments.string(0, "uri").utf8)
        var found: [Value] = []
        if let exact = subscriptions.find(uri.span, .exact) { found.append(.integer(Int64(subscriptions[exact].id))) }
        subscriptions.forEachPattern(matching: uri.span) {
            found.append(.integer(Int64(subscriptions[$0].id)))
            return true
        }
        return found.isEmpty ? .null : .list(found)
    }

    private func subscribers(_ arguments: MetaArguments) throws(MetaError) -> [SessionID] {
        let index = try record(arguments, in: subscriptions, .noSuchSubscription)
        return subscriptions[index].subscribers.map { sessions[$0].id }
    }

    private func callees(_ arguments: MetaArguments) throws(MetaError) -> [SessionID] {
        let index = try record(arguments, in: registrations, .noSuchRegistration)
        return registrations[index].callees.map { sessions[$0.slot].id }
    }

    /// `wamp.registration.remove_callee(registration, session, reason?)`: not of the specification, but Crossbar's.
    private mutating func removeCallee(_ arguments: MetaArguments) throws(MetaError) -> Value {
        let index = try record(arguments, in: registrations, .noSuchRegistration)
        let session = SessionID(try arguments.id(1, "session"))
        guard let slot = sessions.slot(of: session) else {
            throw MetaError(.noSuchSession, "there is no session \(session.rawValue)")
        }
        guard registrations[index].callees.contains(where: { $0.slot == slot }) else {
            throw MetaError(.noSuchRegistration, "session \(session.rawValue) is not a callee of this registration")
        }
        guard !sessions[slot].isLocal else { throw MetaError(.noSuchSession, "the session is the router's own") }
        let reason = arguments.value(2, "reason", default: .null)
        guard reason == .null || reason.string != nil else {
            throw MetaError(.invalidArgument, "reason: expected a string")
        }
        revoke(index, from: slot, reason: reason.string)
        return .null
    }
}

extension SessionID {
    fileprivate var value: Value { .integer(Int64(rawValue)) }
}

extension URITable {
    /// The ids by match policy, as `wamp.subscription.list` and `wamp.registration.list` tell them.
    fileprivate var listing: Value {
        var lists: [String: Value] = [:]
        for policy in MatchPolicy.allCases {
            let ids = indices.filter { self[$0].match == policy }.map { self[$0].id }.sorted()
            lists[policy.name] = .list(ids.map { .integer(Int64($0)) })
        }
        return .dictionary(lists)
    }
}
