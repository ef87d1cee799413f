import ModuleKit
import WAMP

// The dealer. Spec: WAMP-04 "Remote Procedure Calls", "Advanced RPC Features".

extension RealmEngine {
    // MARK: Registering

    mutating func register(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let options: RegisterOptions
        do throws(OptionError) {
            options = try RegisterOptions.decode(bytes, message.head.dictionary, message.serializer)
        } catch {
            return abort(message.sender, error, in: .register)
        }
        let slot = message.sender.slot
        let procedure = bytes.extracting(message.head.uri.range)
        guard URIRules.isValidPattern(procedure, options.match, countMax: limits.uriBytesMax) else {
            return refuse(
                message, .invalidURI, "the procedure is not a URI that fits the match policy \(options.match.name)")
        }
        guard !URIRules.isReserved(procedure) else {
            return refuse(message, .invalidURI, "procedures that begin with wamp are the router's")
        }
        guard isAuthorized(.register, procedure, options.match, slot) else {
            return refuse(message, .notAuthorized, "not allowed to register \(String(procedure))")
        }
        guard hasRoom(slot) else { return refuseForRoom(message) }
        if let known = registrations.find(procedure, options.match) {
            if options.forceReregister {
                revoke(known)
            } else {
                return joinRegistration(known, message, options)
            }
        }
        lastRegistrationID += 1
        let record = Registration(
            id: lastRegistrationID, uri: URIBytes(String(procedure)), match: options.match, invoke: options.invoke,
            created: wallClock)
        let index = registrations.insert(record)
        answer(message, .registered, registrations[index].id)
        announceCreation(of: registrations[index], by: message.sender.id)
        addCallee(slot, options, to: index)
    }

    private mutating func joinRegistration(_ index: Int32, _ message: IncomingMessage, _ options: RegisterOptions) {
        let slot = message.sender.slot
        let record = registrations[index]
        guard record.invoke != .single, record.invoke == options.invoke,
            !record.callees.contains(where: { $0.slot == slot })
        else {
            return refuse(
                message, .procedureAlreadyExists,
                "\(record.uri.text) is registered already, with the invocation policy \(record.invoke.name)")
        }
        answer(message, .registered, record.id)
        addCallee(slot, options, to: index)
    }

    private mutating func addCallee(_ slot: Int32, _ options: RegisterOptions, to index: Int32) {
        registrations[index].callees.append(
            Registration.Callee(
                slot: slot, discloseCaller: options.discloseCaller, concurrency: options.concurrency))
        sessions[slot].registrations.append(index)
        announce(.registration, .onRegister, sessions[slot].id, registrations[index].id)
    }

    /// Takes a registration away from all its callees, who are told where they understand it.
    private mutating func revoke(_ index: Int32) {
        let record = registrations[index]
        for callee in record.callees {
            if sessions[callee.slot].features.has(.registrationRevocation, as: .callee) {
                send(to: callee.slot) { $0.revocation(of: record.registrationID, reason: .forceReregister) }
            }
            removeCallee(callee.slot, from: index)
        }
    }

    mutating func unregister(_ message: IncomingMessage) {
        let slot = message.sender.slot
        guard let index = registrations.find(id: message.head.id), sessions[slot].registrations.contains(index) else {
            return refuse(message, .noSuchRegistration, "the session has no registration \(message.head.id)")
        }
        removeCallee(slot, from: index)
        send(to: slot) { $0.answer(.unregistered, message.request) }
    }

    /// A session is leaving.
    mutating func removeRegistrations(of slot: Int32) {
        for index in sessions[slot].registrations { removeCallee(slot, from: index) }
    }

    private mutating func removeCallee(_ slot: Int32, from index: Int32) {
        if let position = sessions[slot].registrations.firstIndex(of: index) {
            sessions[slot].registrations.swapRemove(at: position)
        }
        registrations[index].callees.removeAll { $0.slot == slot }
        let id = registrations[index].id
        announce(.registration, .onUnregister, sessions[slot].id, id)
        guard registrations[index].callees.isEmpty else { return }
        registrations.remove(index)
        announce(.registration, .onDelete, sessions[slot].id, id)
    }

    // MARK: Calling

    mutating func call(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let options: CallOptions
        do throws(OptionError) {
            options = try CallOptions.decode(bytes, message.head.dictionary, message.serializer)
        } catch {
            return abort(message.sender, error, in: .call)
        }
        let slot = message.sender.slot
        let procedure = bytes.extracting(message.head.uri.range)
        guard URIRules.isValid(procedure, countMax: limits.uriBytesMax) else {
            return refuse(message, .invalidURI, "the procedure is not a URI")
        }
        guard isAuthorized(.call, procedure, .exact, slot) else {
            return refuse(message, .notAuthorized, "not allowed to call \(String(procedure))")
        }
        if URIRules.isReserved(procedure) { return callMetaAPI(message, String(procedure), bytes) }
        if options.discloseMe, disclosurePolicy == .never {
            return refuse(message, .discloseMeDisallowed, "this realm discloses nobody")
        }
        guard sessions[slot].callCount < limits.pendingCallsMax else {
            return refuse(message, .limitExceeded, "a session may have \(limits.pendingCallsMax) calls pending")
        }
        guard calls.find(CallKey(caller: message.sender, request: message.request)) == nil else {
            return abort(message.sender, .protocolViolation, "CALL: request \(message.head.request) is still pending")
        }
        guard let index = bestRegistration(for: procedure) else {
            return refuse(message, .noSuchProcedure, "no callee has registered \(String(procedure))")
        }
        guard let callee = registrations[index].chooseCallee(&random) else {
            return refuse(message, .noAvailableCallee, "every callee is busy up to its concurrency")
        }
        guard sessions[callee.slot].outbox.byteCount < sessions[callee.slot].outboxBytesMax else {
            registrations[index].release(callee.slot)
            return refuse(message, .unavailable, "the callee does not take what it is sent")
        }
        invoke(message, options, bytes, index, callee)
    }

    private mutating func invoke(
        _ message: IncomingMessage, _ options: CallOptions, _ bytes: Span<UInt8>, _ index: Int32,
        _ callee: Registration.Callee
    ) {
        let caller = message.sender
        let slot = callee.slot
        sessions[slot].lastInvocation += 1
        let invocation = RequestID(sessions[slot].lastInvocation)
        var details = InvocationDetails()
        if registrations[index].match != .exact {
            details.procedure = String(bytes.extracting(message.head.uri.range))
        }
        details.caller = disclosure(of: caller.slot, asked: options.discloseMe || callee.discloseCaller)
        details.receiveProgress =
            options.receiveProgress && sessions[slot].features.has(.progressiveCallResults, as: .callee)
        details.forwarded = options.forwarded
        var pending = PendingCall(
            key: CallKey(caller: caller, request: message.request), callee: sessions.handle(of: slot),
            invocation: invocation,
            registration: index, registrationID: registrations[index].id, receiveProgress: details.receiveProgress,
            timeoutMilliseconds: options.timeoutMilliseconds)
        schedule(&pending)
        _ = calls.insert(pending)
        sessions[caller.slot].callCount += 1
        sessions[slot].invocationCount += 1
        let registration = registrations[index].registrationID
        let isSent = sendPayload(message.head.payload, bytes, from: message.serializer, to: slot) {
            $0.invocation(invocation, registration, details, $1, $2)
        }
        guard isSent else {
            if let pending = calls.find(CallKey(caller: caller, request: message.request)) { finish(pending) }
            return refuse(message, .payloadSizeExceeded, "the call is longer than its callee's transport takes")
        }
        holdBack(caller.slot, for: slot)
    }

    /// Encodes a message that carries a payload, transcoded first where the serializers differ.
    ///
    /// - Returns: as `send`.
    private mutating func sendPayload(
        _ payload: PayloadRange, _ bytes: Span<UInt8>, from serializer: Serializer, to slot: Int32,
        _ write: (inout ValueWriter, PayloadRange, Span<UInt8>) -> Void
    ) -> Bool {
        let target = sessions[slot].format.serializer
        guard target != serializer else { return send(to: slot) { write(&$0, payload, bytes) } }
        let translated = transcode(payload, bytes, from: serializer, to: target)
        let copy = transcoded[Int(target.rawValue) - 1].bytes
        return send(to: slot) { write(&$0, translated, copy.span) }
    }

    /// Exact before the longest prefix before the most literal wildcard. Spec: "Pattern-based Registrations".
    ///
    /// The specification defines prefixes as plain strings, and in its examples lets a wildcard win over a prefix
    /// that ends inside of a component (`a1.b2.c3` for `a1.b2.c33.d4.e5`). Both hold when such a prefix comes last.
    func bestRegistration(for procedure: Span<UInt8>) -> Int32? {
        if let exact = registrations.find(procedure, .exact) { return exact }
        guard registrations.hasPatterns else { return nil }
        var prefix: Int32?
        var splittingPrefix: Int32?
        var wildcard: Int32?
        registrations.forEachPattern(matching: procedure) { candidate in
            let uri = registrations[candidate].uri
            if registrations[candidate].match == .prefix {
                if uri.endsComponent(of: procedure) {
                    prefix = candidate
                    return false
                }
                splittingPrefix = splittingPrefix ?? candidate
            } else if wildcard.map({ uri.isMoreLiteralWildcard(than: registrations[$0].uri) }) ?? true {
                wildcard = candidate
            }
            return true
        }
        return prefix ?? wildcard ?? splittingPrefix
    }

    // MARK: Answering

    mutating func yield(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        guard let index = pendingCall(answeredBy: message) else { return }
        let options: YieldOptions
        do throws(OptionError) {
            options = try YieldOptions.decode(bytes, message.head.dictionary, message.serializer)
        } catch {
            return abort(message.sender, error, in: .yield)
        }
        let call = calls[index]
        if options.progress {
            // A caller that did not ask for progress gets the final result only.
            guard call.receiveProgress else { return }
            var renewed = call
            schedule(&renewed)
            calls[index] = renewed
        } else {
            finish(index)
        }
        let isSent = sendPayload(message.head.payload, bytes, from: message.serializer, to: call.key.caller.slot) {
            $0.result(call.key.request, options, $1, $2)
        }
        if !isSent { tellOversize(call, isOver: !options.progress) }
    }

    mutating func errorReceived(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        guard message.head.id == UInt64(MessageType.invocation.rawValue) else {
            return abort(message.sender, .protocolViolation, "ERROR: a client may answer INVOCATION only")
        }
        guard let index = pendingCall(answeredBy: message) else { return }
        let details: YieldOptions
        do throws(OptionError) {
            details = try YieldOptions.decode(bytes, message.head.dictionary, message.serializer)
        } catch {
            return abort(message.sender, error, in: .error)
        }
        let uri = bytes.extracting(message.head.uri.range)
        guard URIRules.isValid(uri, countMax: limits.uriBytesMax) else {
            return abort(message.sender, .protocolViolation, "ERROR: the error is not a URI")
        }
        let error = ErrorURI(String(uri))
        let call = calls[index]
        finish(index)
        let isSent = sendPayload(message.head.payload, bytes, from: message.serializer, to: call.key.caller.slot) {
            $0.error(.call, call.key.request, error, details, $1, $2)
        }
        if !isSent { tellOversize(call, isOver: true) }
    }

    /// A result that does not fit the caller's transport ends the call with an error; nothing is dropped in silence.
    private mutating func tellOversize(_ call: PendingCall, isOver: Bool) {
        if !isOver, let index = calls.find(call.key) { finish(index) }
        send(to: call.key.caller.slot) {
            $0.error(
                .call, call.key.request, .payloadSizeExceeded,
                message: "the result is longer than the caller's transport takes")
        }
    }

    /// The call that a YIELD or ERROR answers. Late answers (the call was given up) are dropped; an answer to an
    /// invocation that was never sent is a violation. Ids are sequential per callee, so that needs no memory.
    private mutating func pendingCall(answeredBy message: IncomingMessage) -> Int32? {
        if let index = calls.find(message.sender, message.request) { return index }
        if message.head.request > sessions[message.sender.slot].lastInvocation {
            abort(
                message.sender, .protocolViolation,
                "\(message.head.type): there was no INVOCATION \(message.head.request)")
        }
        return nil
    }

    /// Forgets a call.
    private mutating func finish(_ index: Int32) {
        let call = calls[index]
        calls.remove(index)
        sessions[call.key.caller.slot].callCount -= 1
        sessions[call.callee.slot].invocationCount -= 1
        if registrations.find(id: call.registrationID) == call.registration {
            registrations[call.registration].release(call.callee.slot)
        }
    }

    // MARK: Giving up

    mutating func cancel(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let asked: CancelMode?
        do throws(OptionError) {
            asked = try CancelMode.decode(bytes, message.head.dictionary, message.serializer)
        } catch {
            return abort(message.sender, error, in: .cancel)
        }
        // The result may have crossed the CANCEL on the wire: then there is nothing left to do.
        guard let index = calls.find(CallKey(caller: message.sender, request: message.request)) else { return }
        guard !calls[index].isKilled else { return }
        giveUp(index, asked ?? .killnowait, .canceled, "the caller canceled the call")
    }

    /// Ends a call by the caller's wish or by its deadline. A callee that cannot be interrupted is left alone.
    private mutating func giveUp(_ index: Int32, _ asked: CancelMode, _ uri: ErrorURI, _ sentence: String) {
        let call = calls[index]
        let mode = sessions[call.callee.slot].features.has(.callCanceling, as: .callee) ? asked : .skip
        if mode != .skip {
            send(to: call.callee.slot) { $0.interrupt(call.invocation, mode, reason: uri) }
        }
        if mode == .kill {
            calls[index].isKilled = true
            return
        }
        finish(index)
        send(to: call.key.caller.slot) { $0.error(.call, call.key.request, uri, message: sentence) }
    }

    /// A session is leaving: its callers are told, its callees interrupted.
    mutating func abandonCalls(of session: SessionHandle) {
        guard sessions[session.slot].callCount > 0 || sessions[session.slot].invocationCount > 0 else { return }
        for index in calls.indices(of: session) {
            let call = calls[index]
            finish(index)
            if call.key.caller != session {
                send(to: call.key.caller.slot) {
                    $0.error(.call, call.key.request, .canceled, message: "the callee left before it answered")
                }
            } else if call.callee != session, sessions[call.callee.slot].features.has(.callCanceling, as: .callee) {
                send(to: call.callee.slot) { $0.interrupt(call.invocation, .killnowait, reason: .canceled) }
            }
        }
    }

    // MARK: Deadlines

    /// When `deadlineReached` wants to be called next, in the engine's milliseconds.
    var nextDeadline: UInt64? {
        guard let detachment = detachments.next else { return deadlines.next }
        return deadlines.next.map { min($0, detachment) } ?? detachment
    }

    /// Gives up the calls whose time has come (spec: "Call Timeouts"), and the sessions that nobody has resumed.
    mutating func deadlineReached() {
        endDetachedSessions()
        while let key = deadlines.popDue(now: now) {
            guard let index = calls.find(key), calls[index].deadline > 0 else { continue }
            let deadline = calls[index].deadline
            // Progress has put the deadline off.
            if deadline > now {
                deadlines.insert(key, at: deadline)
                continue
            }
            let sentence = "no result within \(calls[index].timeoutMilliseconds) ms"
            giveUp(index, .killnowait, .timeout, sentence)
        }
    }

    private mutating func schedule(_ call: inout PendingCall) {
        guard call.timeoutMilliseconds > 0 else { return }
        let isScheduled = call.deadline > 0
        call.deadline = now &+ min(call.timeoutMilliseconds, 1 << 40)
        if !isScheduled { deadlines.insert(call.key, at: call.deadline) }
    }
}

extension ErrorURI {
    /// The reason of a revocation by `force_reregister`, as Crossbar says it.
    static let forceReregister: ErrorURI = "wamp.error.unregistered"
}

extension URIBytes {
    /// Whether this prefix of a URI ends where a component does.
    func endsComponent(of uri: Span<UInt8>) -> Bool {
        count == 0 || count == uri.count || bytes[count - 1] == UInt8(ascii: ".") || uri[count] == UInt8(ascii: ".")
    }

    /// Whether this wildcard wins over another that matched the same URI: at the first run in which they differ,
    /// the one whose run of literal components is longer.
    func isMoreLiteralWildcard(than other: URIBytes) -> Bool {
        for (mine, theirs) in zip(components, other.components) where mine.isEmpty != theirs.isEmpty {
            return theirs.isEmpty
        }
        return false
    }
}
