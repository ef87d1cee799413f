import ModuleKit
import WAMP

// Sessions for which a procedure decides. The engine never waits: a message that needs a decision is put aside with a
// question, the runtime asks, and the message is routed when the answer has come. What the message does is written as
// if decisions were always there, and everything that has none is refused.

extension RealmEngine {
    // MARK: Messages

    /// Whether a message has to wait: for a decision, or behind one that waits.
    mutating func mustWait(_ message: IncomingMessage, _ bytes: Span<UInt8>) -> Bool {
        let slot = message.sender.slot
        if sessions[slot].authorization?.isWaiting == true {
            putAside(message, bytes)
            return true
        }
        guard let undecided = undecided(message, bytes) else { return false }
        putAside(message, bytes)
        ask(undecided, message.sender)
        return true
    }

    private mutating func putAside(_ message: IncomingMessage, _ bytes: Span<UInt8>) {
        let slot = message.sender.slot
        let waiting = Authorization.WaitingMessage(
            head: message.head, serializer: message.serializer, bytes: Array(copying: bytes))
        guard sessions[slot].authorization?.wait(waiting, costMax: limits.outboxBytesMax) == true else {
            return dismiss(message.sender, .limitExceeded, "too much waits for the decision about an earlier message")
        }
        if sessions[slot].authorization?.beginHoldingBack() == true { tellWhetherRead(slot) }
    }

    private mutating func ask(_ undecided: Undecided, _ session: SessionHandle) {
        guard let authorizer = sessions[session.slot].principal.authorizer else { return }
        lastQuestion += 1
        sessions[session.slot].authorization?.ask(lastQuestion, undecided.subject)
        var details = sessions[session.slot].details
        details["realm"] = .string(uri)
        details["authextra"] = .dictionary(sessions[session.slot].principal.authextra)
        questions.append(
            AuthorizationQuestion(
                session: session, number: lastQuestion, authorizer: authorizer, details: details,
                subject: undecided.subject, options: undecided.options))
    }

    /// Takes the questions that have come up.
    mutating func takeQuestions() -> [AuthorizationQuestion] {
        guard !questions.isEmpty else { return [] }
        defer { questions = [] }
        return questions
    }

    /// An authorizer has answered: what waited for that is routed. Nothing happens when the session is gone.
    mutating func decide(_ session: SessionHandle, _ question: UInt64, _ answer: AuthorizerAnswer) {
        guard sessions.contains(session),
            sessions[session.slot].authorization?.answer(question, answer) == true
        else { return }
        while let waiting = sessions[session.slot].authorization?.first {
            let message = IncomingMessage(head: waiting.head, serializer: waiting.serializer, sender: session)
            if let undecided = undecided(message, waiting.bytes.span) {
                guard sessions[session.slot].authorization?.isOut == true else { return ask(undecided, session) }
                sessions[session.slot].authorization?.inHand[undecided.subject] = .failed
                continue
            }
            sessions[session.slot].authorization?.removeFirst()
            route(message, waiting.bytes.span)
            guard sessions.contains(session) else { return }
            sessions[session.slot].authorization?.inHand = [:]
        }
        if sessions[session.slot].authorization?.ceaseWaiting() == true { tellWhetherRead(session.slot) }
    }

    // MARK: Decisions

    func decision(
        on action: Action, _ uri: Span<UInt8>, _ match: MatchPolicy, _ slot: Int32
    ) -> Authorization.Decision? {
        let subject = Authorization.Subject(action: action, match: match, uri: Array(copying: uri))
        return sessions[slot].authorization?.decision(on: subject)
    }

    /// Whether a session may do something with a URI, as far as it is known; not remembered.
    func allows(_ action: Action, _ uri: String, _ slot: Int32) -> Bool {
        sessions[slot].authorization?.allows(action, uri)
            ?? sessions[slot].principal.permissions.allows(action, uri)
    }

    /// Whether a session that has rules for it, or an authorizer, is disclosed to those who get its calls or
    /// publications, unasked.
    func discloses(_ slot: Int32, as role: PermissionRule.Disclosure, _ uri: Span<UInt8>) -> Bool {
        guard sessions[slot].authorization != nil else {
            return sessions[slot].principal.permissions.discloses(role, String(uri))
        }
        return decision(on: role == .caller ? .call : .publish, uri, .exact, slot)?.isDisclosed ?? false
    }

    /// What a session hears of an action that `isAuthorized` does not allow.
    func denial(
        of action: Action, _ uri: Span<UInt8>, _ match: MatchPolicy, _ slot: Int32
    ) -> (uri: ErrorURI, sentence: String) {
        let deed = "\(action.deed) \(String(uri))"
        guard sessions[slot].authorization != nil, decision(on: action, uri, match, slot) == .failed else {
            return (.notAuthorized, "not allowed to \(deed)")
        }
        return (.authorizationFailed, "nobody could decide whether to allow to \(deed)")
    }

    mutating func refuse(_ message: IncomingMessage, _ denial: (uri: ErrorURI, sentence: String)) {
        refuse(message, denial.uri, denial.sentence)
    }
}

// MARK: What a message needs

/// What has to be decided before a message is routed.
struct Undecided {
    var subject: Authorization.Subject
    var options: AuthorizationQuestion.EncodedOptions
}

extension RealmEngine {
    /// The first decision that a message needs and that is not there. What is refused without one needs none.
    private func undecided(_ message: IncomingMessage, _ bytes: Span<UInt8>) -> Undecided? {
        let head = message.head
        let slot = message.sender.slot
        let uri = bytes.extracting(head.uri.range)
        let action: Action
        var match = MatchPolicy.exact
        switch head.type {
        case .publish: action = .publish
        case .call:
            guard isNewCall(message) else { return nil }
            action = .call
        case .subscribe:
            guard let options = try? SubscribeOptions.decode(bytes, head.dictionary, message.serializer) else {
                return nil
            }
            (action, match) = (.subscribe, options.match)
        case .register:
            guard let options = try? RegisterOptions.decode(bytes, head.dictionary, message.serializer) else {
                return nil
            }
            (action, match) = (.register, options.match)
        default: return nil
        }
        let isReserved = URIRules.isReserved(uri)
        guard URIRules.isValidPattern(uri, match, countMax: limits.uriBytesMax),
            !isReserved || action == .call || action == .subscribe
        else { return nil }
        let options = AuthorizationQuestion.EncodedOptions(
            bytes: Array(copying: bytes.extracting(head.dictionary.range)), serializer: message.serializer)
        if let undecided = undecided(anyOf: [action], uri, match, slot, options) { return undecided }
        guard isReserved, action == .call, decision(on: .call, uri, .exact, slot)?.isAllowed == true else { return nil }
        return undecidedByProcedure(String(uri), message, bytes)
    }

    /// The first of several actions that is undecided, unless one before it is allowed: any of them is enough.
    func undecided(
        anyOf actions: [Action], _ uri: Span<UInt8>, _ match: MatchPolicy, _ slot: Int32,
        _ options: AuthorizationQuestion.EncodedOptions = .init()
    ) -> Undecided? {
        for action in actions {
            guard let decision = decision(on: action, uri, match, slot) else {
                let subject = Authorization.Subject(action: action, match: match, uri: Array(copying: uri))
                return Undecided(subject: subject, options: options)
            }
            if decision.isAllowed { return nil }
        }
        return nil
    }
}

extension Action {
    /// As authorizers are told it.
    var word: String {
        switch self {
        case .call: "call"
        case .register: "register"
        case .publish: "publish"
        case .subscribe: "subscribe"
        }
    }

    /// In the sentence of a refusal, before a URI.
    fileprivate var deed: String {
        switch self {
        case .call, .register: word
        case .publish, .subscribe: word + " to"
        }
    }
}
