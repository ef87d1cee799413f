import WAMP

// Procedures of the router that reach for what has rights of its own: a topic's history, a testament's topic. Static
// permissions answer in passing; an authorizer is asked before the procedure begins.

extension RealmEngine {
    /// The first decision that a meta procedure needs, beyond the right to call it, and that is not there. Arguments
    /// that the procedure will refuse need none.
    func undecidedByProcedure(
        _ procedure: String, _ message: IncomingMessage, _ bytes: Span<UInt8>
    ) -> Undecided? {
        guard Self.reaching.contains(procedure) || procedure.hasPrefix("wamp.reflect"),
            let arguments = try? MetaArguments(message, bytes)
        else { return nil }
        let slot = message.sender.slot
        switch procedure {
        case "wamp.topic.forget_retained":
            return topic(of: arguments).flatMap { undecided(anyOf: [.publish], $0.span, .exact, slot) }
        case "wamp.session.add_testament":
            let options = arguments.value(3, "publish_options", default: [:])
            return topic(of: arguments).flatMap {
                undecided(anyOf: [.publish], $0.span, .exact, slot, .init(bytes: options.encoded(.messagePack)))
            }
        case "wamp.subscription.get_events":
            guard history.isEnabled, let id = try? arguments.id(0, "subscription"),
                let index = subscriptions.find(id: id)
            else { return nil }
            let subscription = subscriptions[index]
            return undecided(anyOf: [.subscribe], subscription.uri.bytes.span, subscription.match, slot)
        default: return undecidedByReflection(procedure, arguments, slot)
        }
    }

    private static let reaching: Set<String> = [
        "wamp.topic.forget_retained", "wamp.session.add_testament", "wamp.subscription.get_events",
    ]

    private func topic(of arguments: MetaArguments) -> [UInt8]? {
        guard let topic = (try? arguments.string(0, "topic")).map({ Array($0.utf8) }),
            URIRules.isValid(topic.span, countMax: limits.uriBytesMax), !URIRules.isReserved(topic.span)
        else { return nil }
        return topic
    }

    /// What is listed is not asked about, URI by URI: a session finds there what has been decided before.
    private func undecidedByReflection(_ procedure: String, _ arguments: MetaArguments, _ slot: Int32) -> Undecided? {
        guard let uri = (try? arguments.string(0, "uri")).map({ Array($0.utf8) }),
            URIRules.isValid(uri.span, countMax: limits.uriBytesMax)
        else { return nil }
        if procedure == "wamp.reflect.define" {
            guard !URIRules.isReserved(uri.span), let kind = arguments.reflectedKind else { return nil }
            return undecided(anyOf: kind.defining, uri.span, .exact, slot)
        }
        for kind in Reflection.Kind.allCases
        where procedure == "wamp.reflect.describe" || procedure == "wamp.reflection.\(kind.rawValue).describe" {
            if let undecided = undecided(anyOf: kind.reading, uri.span, .exact, slot) { return undecided }
        }
        return nil
    }
}
