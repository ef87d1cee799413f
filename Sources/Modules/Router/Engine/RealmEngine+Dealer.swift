import ModuleKit
import WAMP

// The dealer: calls, and the invocations that they become. Spec: WAMP-04 "Calling and Invocations", "Advanced RPC
// Features". What answers a call is in `+Answering`, what ends it before that in `+GivingUp`.

extension RealmEngine {
    mutating func call(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let options: CallOptions
        do throws(OptionError) {
            options = try CallOptions.decode(bytes, message.head.dictionary, message.serializer)
        } catch {
            return abort(message.sender, error, in: .call)
        }
        let slot = message.sender.slot
        guard beginsCall(message, options, bytes) else { return }
        let isPassthru: Bool
        do throws(OptionError) {
            isPassthru = try PayloadPassthru.check(
                options.forwarded, of: message, bytes, from: sessions[slot].features, as: .caller)
        } catch {
            return abort(message.sender, error, in: .call)
        }
        let procedure = bytes.extracting(message.head.uri.range)
        guard URIRules.isValid(procedure, countMax: limits.uriBytesMax) else {
            return refuse(message, .invalidURI, "the procedure is not a URI")
        }
        guard isAuthorized(.call, procedure, .exact, slot) else {
            return refuse(message, denial(of: .call, procedure, .exact, slot))
        }
        if URIRules.isReserved(procedure) {
            guard !options.progress, !isPassthru else {
                return refuse(message, .featureNotSupported, "the router's own procedures take one plain payload")
            }
            return callMetaAPI(message, String(procedure), bytes)
        }
        if options.discloseMe, disclosurePolicy == .never {
            return refuse(message, .discloseMeDisallowed, "this realm discloses nobody")
        }
        // The router's own sessions call for others, who have limits of their own.
        guard calls.callCount(of: slot) < limits.pendingCallsMax || sessions[slot].isLocal else {
            return refuse(message, .limitExceeded, "a session may have \(limits.pendingCallsMax) calls pending")
        }
        guard !options.progress || calls.keptByteCount(of: slot) < limits.outboxBytesMax else {
            return refuse(message, .limitExceeded, "the options of this session's calls are too long together")
        }
        guard let index = bestRegistration(for: procedure) else {
            return refuse(message, .noSuchProcedure, "no callee has registered \(String(procedure))")
        }
        guard let callee = chooseCallee(of: index, message, options) else { return }
        if let feature = missingFeature(of: callee, options, isPassthru: isPassthru) {
            release(callee, of: index)
            return refuse(message, .featureNotSupported, "the callee does not know \(feature)")
        }
        invoke(message, options, isPassthru: isPassthru, bytes, index, callee)
    }

    /// Chooses by the registration's policy, or by the call's own key; refuses the call where there is nobody.
    private mutating func chooseCallee(
        of index: Int32, _ message: IncomingMessage, _ options: CallOptions
    ) -> Registration.Callee? {
        if options.runMode != nil { return chooseShard(of: index, message, options) }
        var behind: Set<UInt64> = []
        while let callee = registrations[index].chooseCallee(&random, except: behind) {
            if !isBehind(callee.slot) { return callee }
            release(callee, of: index)
            behind.insert(callee.membership)
        }
        if behind.isEmpty {
            refuse(message, .noAvailableCallee, "every callee is busy up to its concurrency")
        } else {
            refuse(message, .unavailable, "no callee takes what it is sent")
        }
        return nil
    }

    /// Spec: "Sharded Registration".
    private mutating func chooseShard(
        of index: Int32, _ message: IncomingMessage, _ options: CallOptions
    ) -> Registration.Callee? {
        guard options.runMode == .partition else {
            refuse(message, .featureNotSupported, "runmode: only partition is supported")
            return nil
        }
        guard let key = options.resourceKey else {
            refuse(message, .invalidArgument, "rkey: expected a string, because runmode is partition")
            return nil
        }
        guard let callee = registrations[index].chooseCallee(ofKey: key) else {
            refuse(message, .noAvailableCallee, "the callee of this rkey is busy up to its concurrency")
            return nil
        }
        guard !isBehind(callee.slot) else {
            release(callee, of: index)
            refuse(message, .unavailable, "the callee of this rkey does not take what it is sent")
            return nil
        }
        return callee
    }

    /// What a call needs and its callee does not know; nil when there is nothing.
    func missingFeature(of callee: Registration.Callee, _ options: CallOptions, isPassthru: Bool) -> String? {
        guard options.progress || isPassthru else { return nil }
        let features = sessions[callee.slot].features
        if options.progress, !features.takesProgressiveInvocations { return "progressive call invocations" }
        return isPassthru && !features.has(.payloadPassthruMode, as: .callee) ? "payload passthru mode" : nil
    }

    /// Whether a session has so much to read that nothing is added to it.
    func isBehind(_ slot: Int32) -> Bool { sessions[slot].outbox.byteCount >= sessions[slot].outboxBytesMax }

    mutating func release(_ callee: Registration.Callee, of index: Int32) {
        if callee.concurrency != nil { registrations[index].release(callee.membership) }
    }

    private mutating func invoke(
        _ message: IncomingMessage, _ options: CallOptions, isPassthru: Bool, _ bytes: Span<UInt8>, _ index: Int32,
        _ callee: Registration.Callee
    ) {
        let caller = message.sender
        let details = invocationDetails(
            options, caller.slot, bytes.extracting(message.head.uri.range), of: index, callee)
        let invocation = nextInvocation(of: callee.slot)
        let registration = registrations[index].registrationID
        let place = calls.insert(
            PendingCall(
                key: CallKey(caller: caller, request: message.request), callee: sessions.handle(of: callee.slot),
                invocation: invocation, registration: index, registrationID: registration.rawValue,
                membership: callee.membership, isCounted: callee.concurrency != nil,
                receivesProgress: details.receiveProgress, isProgressing: options.progress,
                timeoutMilliseconds: keepsTimeout(callee, of: caller.slot) ? 0 : options.timeoutMilliseconds))
        schedule(place)
        let isReroutable = mayReroute(options, from: callee, of: index, caller.slot)
        if isReroutable || options.progress {
            let procedure = bytes.extracting(message.head.uri.range)
            var kept = options
            // An authorizer decides about this message; whoever gets the call next is told the same.
            if sessions[caller.slot].authorization != nil, discloses(caller.slot, as: .caller, procedure) {
                kept.discloseMe = true
            }
            calls.keep(
                place,
                KeptCall(
                    procedure: Array(copying: procedure), options: kept,
                    optionsByteCount: message.head.dictionary.count, details: details, isPassthru: isPassthru,
                    payload: isReroutable ? KeptPayload(message.head.payload, bytes, message.serializer) : nil))
        }
        let isSent = sendPayload(message.head.payload, bytes, from: message.serializer, to: callee.slot) {
            $0.invocation(invocation, registration, details, $1, $2)
        }
        guard isSent else {
            finish(place)
            return refuse(message, .payloadSizeExceeded, "the call is longer than its callee's transport takes")
        }
        holdBack(caller.slot, for: callee.slot)
    }

    /// Whether a callee keeps a call's timeout itself. It does not for a session of this process, which relies on it.
    func keepsTimeout(_ callee: Registration.Callee, of caller: Int32) -> Bool {
        callee.forwardsTimeout && !sessions[caller].isLocal
    }

    /// Session scope, for each callee on its own. Spec: "IDs".
    mutating func nextInvocation(of slot: Int32) -> RequestID {
        sessions[slot].lastInvocation += 1
        return RequestID(sessions[slot].lastInvocation)
    }

    /// What one callee is told of a call.
    func invocationDetails(
        _ options: CallOptions, _ caller: Int32, _ procedure: Span<UInt8>, of index: Int32,
        _ callee: Registration.Callee
    ) -> InvocationDetails {
        var details = InvocationDetails()
        if registrations[index].match != .exact { details.procedure = String(procedure) }
        details.caller = disclosure(
            of: caller, as: .caller, procedure, asked: options.discloseMe || callee.discloseCaller)
        details.trustlevel = sessions[caller].principal.trustlevel
        details.receiveProgress = options.receiveProgress && sessions[callee.slot].features.givesProgressiveResults
        details.progress = options.progress
        if callee.forwardsTimeout { details.timeoutMilliseconds = options.timeoutMilliseconds }
        details.forwarded = options.forwarded
        return details
    }

    /// Encodes a message that carries a payload, transcoded first where the serializers differ.
    ///
    /// - Returns: as `send`.
    mutating func sendPayload(
        _ payload: PayloadRange, _ bytes: Span<UInt8>, from serializer: Serializer, to slot: Int32,
        _ write: (inout ValueWriter, PayloadRange, Span<UInt8>) -> Void
    ) -> Bool {
        let target = sessions[slot].format.serializer
        guard target != serializer else { return send(to: slot) { write(&$0, payload, bytes) } }
        let translated = transcode(payload, bytes, from: serializer, to: target)
        let copy = transcoded[Int(target.rawValue) - 1].bytes
        return send(to: slot) { write(&$0, translated, copy.span) }
    }
}

extension ClientFeatures {
    /// Progress can only be stopped by an INTERRUPT: without call canceling a callee counts as one that gives none.
    fileprivate var givesProgressiveResults: Bool {
        has(.progressiveCallResults, as: .callee) && has(.callCanceling, as: .callee)
    }

    /// Likewise.
    fileprivate var takesProgressiveInvocations: Bool {
        has(.progressiveCallInvocations, as: .callee) && has(.callCanceling, as: .callee)
    }
}
