import WAMP

/// Payload passthru mode: the router carries one binary value, and four options that tell its receiver how to read it,
/// from one end to the other. It looks at their types and at nothing else.
///
/// The older form (`enc_…`, a binary value in place of the arguments) travels on unchecked.
/// Spec: WAMP-04 "Payload Passthru Mode".
enum PayloadPassthru {
    /// The options that the specification names; others that begin with `ppt_` travel on.
    static let options = ["ppt_scheme", "ppt_serializer", "ppt_cipher", "ppt_keyid"]

    /// Whether a message of a session uses the mode; throws when it may not, or does so wrongly. Costs nothing where no
    /// option is forwarded.
    ///
    /// - Parameters:
    ///   - forwarded: the message's options that the router carries on.
    ///   - sender: what its session has announced.
    ///   - role: in which role it sends the message.
    /// - Throws: what to abort the session with. Every rule here is a MUST of the specification.
    @discardableResult
    static func check(
        _ forwarded: [ForwardedOption], of message: IncomingMessage, _ bytes: Span<UInt8>, from sender: ClientFeatures,
        as role: ClientRole
    ) throws(OptionError) -> Bool {
        guard !forwarded.isEmpty else { return false }
        var isUsed = false
        for option in forwarded where options.contains(option.key) {
            guard case .string(let text) = option.value else {
                throw OptionError(key: option.key, expected: "a string")
            }
            // By its scheme, existent and not empty, a router recognizes the mode.
            if !text.isEmpty { isUsed = true }
        }
        guard isUsed else { return false }
        guard forwarded.contains(where: { $0.key == "ppt_scheme" && $0.value != "" }) else {
            throw OptionError(key: "ppt_scheme", expected: "to be there, because another option of payload passthru is")
        }
        guard sender.has(.payloadPassthruMode, as: role) else {
            throw OptionError(
                key: "ppt_scheme", expected: "HELLO to have announced payload_passthru_mode for the \(role)")
        }
        guard isOneBinary(message.head.payload, bytes, message.serializer) else {
            throw OptionError(
                key: "ppt_scheme", expected: "the payload to be one binary argument, without keyword arguments")
        }
        return true
    }

    /// Whether a payload is what the mode demands: `[Payload|binary]`, and `ArgumentsKw` absent or empty.
    ///
    /// The bytes were checked when the head was decoded; should they be wrong all the same, they are no binary.
    static func isOneBinary(_ payload: PayloadRange, _ bytes: Span<UInt8>, _ serializer: Serializer) -> Bool {
        guard !payload.arguments.isEmpty else { return false }
        do throws(WireError) {
            var cursor = Cursor(serializer, at: Int(payload.arguments.lowerBound))
            guard case .list(var arguments) = try cursor.next(bytes), try cursor.more(&arguments, bytes),
                case .bytes = try cursor.next(bytes), try !cursor.more(&arguments, bytes)
            else { return false }
            guard !payload.argumentsKw.isEmpty else { return true }
            cursor = Cursor(serializer, at: Int(payload.argumentsKw.lowerBound))
            guard case .dictionary(var entries) = try cursor.next(bytes) else { return false }
            return try !cursor.more(&entries, bytes)
        } catch {
            return false
        }
    }
}
