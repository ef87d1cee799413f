import NIOCore
import WAMP

@testable import Router

/// What one session has sent and received, and the promises of the specification that follow from it.
///
/// A view outlives the session's connections: whoever resumes a session goes on with it.
struct SessionView {
    /// A request, or its answer, by the type of its message.
    private struct Request: Hashable {
        var type: MessageType
        var id: UInt64
    }

    private var unanswered: [Request: Int] = [:]
    private var subscriptions: Set<UInt64> = []
    private var registrations: Set<UInt64> = []
    /// What each UNSUBSCRIBE and UNREGISTER was about.
    private var targets: [Request: UInt64] = [:]
    /// By id, whether more payload may follow.
    private var invocations: [UInt64: Bool] = [:]
    private var interrupted: Set<UInt64> = []
    private var progressive: Set<UInt64> = []
    private var lastCall: UInt64 = 0
    /// Calls that must be answered once, if this session stays and its callees do not.
    private(set) var plainCalls: Set<UInt64> = []
    private(set) var isOver = false
    /// It has said ABORT, which has no answer.
    private(set) var hasAborted = false

    // MARK: Sending

    /// Takes note of a message on its way to the router.
    mutating func sends(_ message: ReceivedMessage) {
        let head = message.head
        let request = Request(type: head.type, id: head.request)
        let bytes = message.bytes.readableBytesUInt8Span
        let options = try? Value.decode(bytes, head.dictionary, message.serializer)
        switch head.type {
        case .publish where options?["acknowledge"] != .bool(true): return
        case .unsubscribe, .unregister: targets[request] = head.id
        case .call:
            if options?["receive_progress"] == .bool(true) { progressive.insert(head.request) }
            if head.request > lastCall, options?["progress"] != .bool(true) {
                plainCalls.insert(head.request)
            } else {
                plainCalls.remove(head.request)
            }
            lastCall = max(lastCall, head.request)
        case .publish, .subscribe, .register: break
        case .abort:
            hasAborted = true
            return
        default: return
        }
        unanswered[request, default: 0] += 1
    }

    // MARK: Receiving

    /// Takes a message of the router's; says what is wrong with it.
    mutating func receives(_ message: Value) -> String? {
        guard !isOver else { return "behind the last message" }
        let elements = message.list ?? []
        func number(_ position: Int) -> UInt64 {
            elements.count > position ? elements[position].integer.flatMap(UInt64.init(exactly:)) ?? 0 : 0
        }
        func entry(_ position: Int, _ key: String) -> Value? {
            elements.count > position ? elements[position][key] : nil
        }
        guard let type = UInt8(exactly: number(0)).flatMap(MessageType.init(rawValue:)) else { return "no message" }
        switch type {
        case .welcome, .challenge: return nil
        case .abort, .goodbye:
            isOver = true
            return nil
        case .error:
            guard let asked = UInt8(exactly: number(1)).flatMap(MessageType.init(rawValue:)) else {
                return "an error of nothing"
            }
            // A callee hears of its own YIELD when the caller could not read what was in it.
            return asked == .yield ? nil : answer(asked, number(2))
        case .published: return answer(.publish, number(1))
        case .subscribed:
            subscriptions.insert(number(2))
            return answer(.subscribe, number(1))
        case .registered:
            registrations.insert(number(2))
            return answer(.register, number(1))
        case .unsubscribed:
            return ends(\.subscriptions, .unsubscribe, number(1), revoked: entry(2, "subscription"))
        case .unregistered:
            return ends(\.registrations, .unregister, number(1), revoked: entry(2, "registration"))
        case .event: return subscriptions.contains(number(1)) ? nil : "there is no such subscription"
        case .result where entry(2, "progress") == .bool(true):
            let isDue = unanswered[Request(type: .call, id: number(1)), default: 0] > 0
            return isDue && progressive.contains(number(1)) ? nil : "nobody has asked for progress"
        case .result: return answer(.call, number(1))
        case .invocation: return invoked(number(1), number(2), entry(3, "progress") == .bool(true))
        case .interrupt:
            guard invocations[number(1)] != nil else { return "there was no such invocation" }
            return interrupted.insert(number(1)).inserted ? nil : "interrupted twice"
        default: return "not for a client"
        }
    }

    private mutating func answer(_ type: MessageType, _ id: UInt64) -> String? {
        let request = Request(type: type, id: id)
        guard let count = unanswered[request], count > 0 else { return "nobody has asked, or was answered before" }
        unanswered[request] = count - 1
        if type == .call { plainCalls.remove(id) }
        return nil
    }

    private mutating func ends(
        _ known: WritableKeyPath<Self, Set<UInt64>>, _ type: MessageType, _ id: UInt64, revoked: Value?
    ) -> String? {
        if id == 0 {
            let target = revoked?.integer.flatMap(UInt64.init(exactly:)) ?? 0
            return self[keyPath: known].remove(target) != nil ? nil : "what is revoked was not there"
        }
        if let target = targets[Request(type: type, id: id)] { self[keyPath: known].remove(target) }
        return answer(type, id)
    }

    private mutating func invoked(_ id: UInt64, _ registration: UInt64, _ isProgressing: Bool) -> String? {
        defer { invocations[id] = isProgressing }
        if let goesOn = invocations[id] { return goesOn ? nil : "an invocation of its own with an old id" }
        guard invocations.keys.allSatisfy({ $0 < id }) else { return "ids do not ascend" }
        return registrations.contains(registration) ? nil : "there is no such registration"
    }
}
