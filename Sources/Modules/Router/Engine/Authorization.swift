import ModuleKit
import NIOCore
import WAMP

/// What the authorizer of one session's role has decided, and what the session has sent that waits for it to decide.
///
/// A message is routed when every decision that it needs is there. Until then it waits, and whatever its session sends
/// behind it waits too, so that order holds. The contract is Crossbar's; the specification leaves it open.
struct Authorization: Sendable {
    /// What is decided about.
    struct Subject: Hashable, Sendable {
        var action: Action
        var match: MatchPolicy
        var uri: [UInt8]
    }

    enum Decision: Hashable, Sendable {
        case allowed(isDisclosed: Bool)
        case denied
        /// The authorizer could not be asked, or has answered with an error, or with what is no decision.
        case failed

        var isAllowed: Bool { if case .allowed = self { true } else { false } }
        var isDisclosed: Bool { self == .allowed(isDisclosed: true) }
    }

    /// A message that waits, with its frame.
    struct WaitingMessage: Sendable {
        var head: MessageHead
        var serializer: Serializer
        var bytes: [UInt8]

        fileprivate static let overhead = 128
        fileprivate var cost: Int { bytes.count + Self.overhead }
    }

    private static let decisionsMax = 512

    /// Decisions about the first message that waits, or about the one that is being routed: good for it alone.
    var inHand: [Subject: Decision] = [:]
    /// Decisions that the authorizer lets be remembered.
    private var remembered: [Subject: Decision] = [:]
    private var waiting = CircularBuffer<WaitingMessage>(initialCapacity: 1)
    private var waitingCost = 0
    /// The question that the authorizer has been asked and has not answered.
    private var asked: (number: UInt64, subject: Subject)?
    /// Nobody answers: what waits by now is not asked for one by one.
    private(set) var isOut = false
    /// The session is not read from; that begins with the first message that waits behind another.
    private(set) var holdsBack = false

    var isWaiting: Bool { !waiting.isEmpty }
    var first: WaitingMessage? { waiting.first }

    func decision(on subject: Subject) -> Decision? { inHand[subject] ?? remembered[subject] }

    /// What may be done as far as it is known.
    func allows(_ action: Action, _ uri: String) -> Bool {
        decision(on: Subject(action: action, match: .exact, uri: Array(uri.utf8)))?.isAllowed ?? false
    }

    // MARK: Waiting

    /// Puts a message behind those that wait; false when more than `costMax` waits then. One always fits.
    mutating func wait(_ message: WaitingMessage, costMax: Int) -> Bool {
        guard waiting.isEmpty || waitingCost + message.cost <= costMax else { return false }
        waitingCost += message.cost
        waiting.append(message)
        return true
    }

    /// Takes out the first message that waits; the decisions about it stay in hand.
    mutating func removeFirst() {
        guard let message = waiting.popFirst() else { return }
        waitingCost -= message.cost
    }

    /// Whether to stop reading from the session now.
    mutating func beginHoldingBack() -> Bool {
        guard !holdsBack, waiting.count > 1 else { return false }
        holdsBack = true
        return true
    }

    /// Nothing waits any more.
    ///
    /// - Returns: whether the session may be read from again.
    mutating func ceaseWaiting() -> Bool {
        isOut = false
        defer { holdsBack = false }
        return holdsBack
    }

    // MARK: Deciding

    mutating func ask(_ number: UInt64, _ subject: Subject) { asked = (number, subject) }

    /// Takes in an answer; false when it answers no question that is open.
    mutating func answer(_ number: UInt64, _ answer: AuthorizerAnswer) -> Bool {
        guard let asked, asked.number == number else { return false }
        self.asked = nil
        isOut = answer.isOutage
        inHand[asked.subject] = answer.decision
        if answer.isRemembered {
            if remembered.count >= Self.decisionsMax { remembered.removeAll() }
            remembered[asked.subject] = answer.decision
        }
        return true
    }
}

/// What an authorizer is to decide.
struct AuthorizationQuestion: Sendable {
    /// Whose message waits for the answer, and which question it is.
    var session: SessionHandle
    var number: UInt64
    var authorizer: AuthorizerProcedure
    /// Of the session, in the words of Crossbar's contract.
    var details: [String: Value]
    var subject: Authorization.Subject
    var options: EncodedOptions

    /// The options of a message, as they came.
    struct EncodedOptions: Sendable {
        /// One dictionary; empty is an empty one.
        var bytes: [UInt8] = []
        var serializer = Serializer.messagePack
    }
}

/// What becomes of a question.
struct AuthorizerAnswer: Sendable, Hashable {
    var decision: Authorization.Decision
    /// Whether it holds for what the session does later.
    var isRemembered = false
    /// Nobody is there to decide, as opposed to somebody who cannot.
    var isOutage = false

    static let failed = AuthorizerAnswer(decision: .failed)
    static let outage = AuthorizerAnswer(decision: .failed, isOutage: true)
}
