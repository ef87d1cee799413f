import WAMP

// The last will of a session. Spec: WAMP-04 "Session Testament".

extension RealmEngine {
    /// `wamp.session.add_testament(topic|uri, args|list, kwargs|dict, publish_options|dict, scope|string)`
    ///
    /// Everything that could be wrong with the publication is refused now: nobody is there to hear of it later.
    mutating func addTestament(_ arguments: MetaArguments, _ caller: SessionHandle) throws(MetaError) {
        let topic = try arguments.string(0, "topic")
        guard let payload = arguments.value(1, "args", default: []).list else {
            throw MetaError(.invalidArgument, "args: expected a list")
        }
        guard let payloadKw = arguments.value(2, "kwargs", default: [:]).dictionary else {
            throw MetaError(.invalidArgument, "kwargs: expected a dictionary")
        }
        guard var options = arguments.value(3, "publish_options", default: [:]).dictionary else {
            throw MetaError(.invalidArgument, "publish_options: expected a dictionary")
        }
        // There will be nobody to acknowledge it to.
        options["acknowledge"] = nil
        let scope = try testamentScope(arguments, position: 4)
        let publish = Self.publish(topic, options, payload, payloadKw)
        try checkTestament(publish, caller)
        var testament = Testaments.Testament(publish: publish)
        let subject = Authorization.Subject(action: .publish, match: .exact, uri: Array(topic.utf8))
        if let decision = sessions[caller.slot].authorization?.decision(on: subject) {
            testament.decisions = [subject: decision]
        }
        guard sessions[caller.slot].addTestament(testament, scope) else {
            throw MetaError(
                .limitExceeded,
                "a session may leave \(Testaments.countMax) testaments of \(Testaments.byteCountMax) bytes together")
        }
    }

    /// `wamp.session.flush_testaments(scope|string)`
    mutating func flushTestaments(_ arguments: MetaArguments, _ caller: SessionHandle) throws(MetaError) {
        let scope = try testamentScope(arguments, position: 0)
        _ = sessions[caller.slot].takeTestaments(scope)
    }

    /// Publishes what a session has left for a scope, as if it had sent it just now.
    mutating func publishTestaments(of handle: SessionHandle, _ scope: Testaments.Scope) {
        let inHand = sessions[handle.slot].authorization?.inHand ?? [:]
        for testament in sessions[handle.slot].takeTestaments(scope) {
            // An earlier one may have ended the session: a publication can break a rule that has changed since.
            guard sessions.contains(handle) else { return }
            sessions[handle.slot].authorization?.inHand = testament.decisions
            guard let head = try? MessageHead.decode(testament.publish.span, .messagePack) else { continue }
            publish(IncomingMessage(head: head, serializer: .messagePack, sender: handle), testament.publish.span)
        }
        if sessions.contains(handle) { sessions[handle.slot].authorization?.inHand = inHand }
    }

    private func testamentScope(_ arguments: MetaArguments, position: Int) throws(MetaError) -> Testaments.Scope {
        let value = arguments.value(position, "scope", default: .string(Testaments.Scope.destroyed.rawValue))
        guard let word = value.string, let scope = Testaments.Scope(rawValue: word) else {
            throw MetaError(.invalidArgument, "scope: expected detached or destroyed")
        }
        return scope
    }

    private mutating func checkTestament(_ publish: [UInt8], _ caller: SessionHandle) throws(MetaError) {
        let bytes = publish.span
        let head: MessageHead
        do throws(WireError) {
            head = try MessageHead.decode(bytes, .messagePack)
        } catch {
            throw MetaError(.invalidArgument, "the testament is no publication")
        }
        let options: PublishOptions
        do throws(OptionError) {
            options = try PublishOptions.decode(bytes, head.dictionary, .messagePack)
            try checkPassthru(options, IncomingMessage(head: head, serializer: .messagePack, sender: caller), bytes)
        } catch {
            throw MetaError(.invalidArgument, "publish_options.\(error.key): expected \(error.expected)")
        }
        let refusal = refusalToPublish(bytes.extracting(head.uri.range), options, caller.slot)
        if let refusal { throw MetaError(refusal.uri, refusal.sentence) }
    }

    private static func publish(
        _ topic: String, _ options: [String: Value], _ arguments: [Value], _ argumentsKw: [String: Value]
    ) -> [UInt8] {
        let payload = Payload(arguments, argumentsKw)
        var writer = ValueWriter(.messagePack)
        let bytes = payload.arguments + payload.argumentsKw
        let list = ByteRange(0, payload.arguments.count)
        let keywords = payload.argumentsKw.isEmpty ? .empty : ByteRange(payload.arguments.count, bytes.count)
        writer.request(
            .publish, RequestID(1), options, topic, PayloadRange(arguments: list, argumentsKw: keywords), bytes.span)
        return writer.bytes
    }
}

extension SessionRecord {
    mutating func addTestament(_ testament: Testaments.Testament, _ scope: Testaments.Scope) -> Bool {
        var kept = testaments ?? Testaments()
        guard kept.add(testament, scope) else { return false }
        testaments = kept
        return true
    }

    mutating func takeTestaments(_ scope: Testaments.Scope) -> [Testaments.Testament] {
        guard var kept = testaments else { return [] }
        let taken = kept.take(scope)
        testaments = kept.isEmpty ? nil : kept
        return taken
    }
}
