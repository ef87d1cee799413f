import WAMP

// What there is to be known of a kept event beside its payload, as one value: options of the specification by their
// own names, so that a later version may know more of them.

extension KeptEvent {
    var facts: Value {
        var facts: [String: Value] = filter?.options.dictionary ?? [:]
        if let publisher {
            facts["publisher"] = .integer(Int64(clamping: publisher.session.rawValue))
            facts["publisher_authid"] = .string(publisher.authid)
            facts["publisher_authrole"] = .string(publisher.authrole)
        }
        if let trustlevel { facts["trustlevel"] = .integer(trustlevel) }
        if let rkey { facts["rkey"] = .string(rkey) }
        if !forwarded.isEmpty {
            facts["forwarded"] = .dictionary(
                Dictionary(forwarded.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }))
        }
        return .dictionary(facts)
    }

    /// Nil when the facts are none that a version of this file has written.
    convenience init?(
        sequence: UInt64, publication: UInt64, milliseconds: Int64, topic: String, payload: Payload, facts: Value
    ) {
        guard facts.dictionary != nil, payload.isWellFormed,
            URIRules.isValid(Array(topic.utf8).span, countMax: .max)
        else { return nil }
        var publisher: Disclosure?
        if let session = facts["publisher"]?.integer, session >= 1 {
            publisher = Disclosure(
                session: SessionID(UInt64(session)), authid: facts["publisher_authid"]?.string ?? "",
                authrole: facts["publisher_authrole"]?.string ?? "")
        }
        var options = PublishOptions()
        options.eligibleAuthID = facts["eligible_authid"]?.list?.compactMap(\.string)
        options.eligibleAuthRole = facts["eligible_authrole"]?.list?.compactMap(\.string)
        options.excludeAuthID = facts["exclude_authid"]?.list?.compactMap(\.string) ?? []
        options.excludeAuthRole = facts["exclude_authrole"]?.list?.compactMap(\.string) ?? []
        let forwarded = facts["forwarded"]?.dictionary ?? [:]
        self.init(
            sequence: sequence, publication: PublicationID(publication), milliseconds: milliseconds,
            topic: URIBytes(topic), payload: payload, publisher: publisher,
            trustlevel: facts["trustlevel"]?.integer,
            forwarded: forwarded.sorted { $0.key < $1.key }.map { ForwardedOption(key: $0.key, value: $0.value) },
            rkey: facts["rkey"]?.string, filter: options.restrictsReceivers ? ReceiverFilter(options) : nil)
    }
}

extension Payload {
    /// Whether the bytes are one list, or none, and one dictionary, or none. In the list's place there may be a binary
    /// value, the older form of payload passthru.
    fileprivate var isWellFormed: Bool {
        isOneValue(arguments) { token in
            switch token {
            case .list, .bytes: true
            default: false
            }
        }
            && isOneValue(argumentsKw) { token in
                if case .dictionary = token { true } else { false }
            }
    }

    private func isOneValue(_ bytes: [UInt8], _ isRightKind: (Token) -> Bool) -> Bool {
        guard !bytes.isEmpty else { return true }
        var opening = Cursor(serializer)
        var whole = Cursor(serializer)
        guard let token = try? opening.next(bytes.span), isRightKind(token) else { return false }
        guard let range = try? whole.skip(bytes.span) else { return false }
        return range.range == 0..<bytes.count
    }
}
