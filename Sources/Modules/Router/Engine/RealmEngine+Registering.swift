import ModuleKit
import WAMP

// Who answers for which procedure. Spec: WAMP-04 "Registering and Unregistering", "Shared Registration",
// "Registration Revocation".

extension RealmEngine {
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
            return refuse(message, denial(of: .register, procedure, options.match, slot))
        }
        guard hasRoom(slot) else { return refuseForRoom(message) }
        guard registrations.hasRoom(for: URIBytes(String(procedure)), options.match) else {
            return refuse(message, .limitExceeded, "the realm has too many wildcards of different shapes")
        }
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
        lastMembership += 1
        let keepsTimeouts = options.forwardTimeout && sessions[slot].features.has(.callTimeout, as: .callee)
        registrations[index].addCallee(
            slot, authid: sessions[slot].disclosure.authid, membership: lastMembership,
            discloseCaller: options.discloseCaller, forwardsTimeout: keepsTimeouts, concurrency: options.concurrency)
        sessions[slot].registrations.append(index)
        announce(.registration, .onRegister, sessions[slot].id, registrations[index].id)
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
        let indices = sessions[slot].registrations
        sessions[slot].registrations = []
        for index in indices { removeCallee(slot, from: index) }
    }

    private mutating func removeCallee(_ slot: Int32, from index: Int32) {
        if let position = sessions[slot].registrations.firstIndex(of: index) {
            sessions[slot].registrations.swapRemove(at: position)
        }
        registrations[index].removeCallee(slot)
        let id = registrations[index].id
        announce(.registration, .onUnregister, sessions[slot].id, id)
        guard registrations[index].callees.isEmpty else { return }
        registrations.remove(index)
        announce(.registration, .onDelete, sessions[slot].id, id)
    }

    // MARK: Revoking. Spec: "Registration Revocation"

    /// Takes a registration away from all its callees.
    private mutating func revoke(_ index: Int32) {
        for callee in registrations[index].callees { revoke(index, from: callee.slot, reason: .forceReregister) }
    }

    /// Takes a registration away from one of its callees, who is told where it understands it. Calls that it has begun
    /// are its own to the end.
    ///
    /// - Parameter reason: for people; nil says none.
    mutating func revoke(_ index: Int32, from slot: Int32, reason: String?) {
        if sessions[slot].features.has(.registrationRevocation, as: .callee) {
            let registration = registrations[index].registrationID
            let isSent = send(to: slot) { $0.revocation(of: registration, reason: reason) }
            // A reason that is too long for the callee's transport does not keep the rest from it.
            if !isSent { send(to: slot) { $0.revocation(of: registration, reason: nil) } }
        }
        removeCallee(slot, from: index)
    }
}

extension String {
    /// The reason of a revocation by `force_reregister`, as Crossbar says it.
    fileprivate static let forceReregister = "wamp.error.unregistered"
}
