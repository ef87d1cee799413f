import WAMP

/// What must hold for the head of a message, whatever the bytes are.
enum MessageAgreement {
    /// What does not hold; nil when everything does.
    static func difference(_ bytes: [UInt8], _ serializer: Serializer) -> String? {
        guard let head = try? MessageHead.decode(bytes.span, serializer) else { return nil }
        // A message is a value, a list, and the parts of it that the head names are values too.
        guard case .list? = try? Value.decode(bytes, serializer) else { return "a head without a list" }
        for range in [head.dictionary, head.arguments, head.argumentsKw] where !range.isEmpty {
            guard range.range.upperBound <= bytes.count else { return "\(range) is outside of the frame" }
            let value = try? Value.decode(Array(bytes[range.range]), serializer)
            guard value != nil else { return "\(range) is no value" }
        }
        readOptions(head, bytes.span, serializer)
        return transcodedDifference(head, bytes, serializer)
    }

    /// The same message for a peer of another serializer has the same head. JSON cannot say everything: it is left out.
    private static func transcodedDifference(
        _ head: MessageHead, _ bytes: [UInt8], _ serializer: Serializer
    ) -> String? {
        for other in [Serializer.messagePack, .cbor] where other != serializer {
            var cursor = Cursor(serializer)
            var writer = ValueWriter(other)
            do throws(WireError) {
                let range = try cursor.skip(bytes.span)
                try Transcoder.transcode(bytes.span, range, from: serializer, into: &writer)
                let transcoded = try MessageHead.decode(writer.bytes.span, other)
                guard transcoded.type == head.type, transcoded.request == head.request, transcoded.id == head.id,
                    transcoded.arguments.isEmpty == head.arguments.isEmpty,
                    transcoded.argumentsKw.isEmpty == head.argumentsKw.isEmpty
                else { return "\(head) became \(transcoded)" }
            } catch {
                return "\(head), as \(other.name): \(error)"
            }
        }
        return nil
    }

    /// Options may be refused, but must not trap.
    private static func readOptions(_ head: MessageHead, _ bytes: Span<UInt8>, _ serializer: Serializer) {
        switch head.type {
        case .publish: _ = try? PublishOptions.decode(bytes, head.dictionary, serializer)
        case .subscribe: _ = try? SubscribeOptions.decode(bytes, head.dictionary, serializer)
        case .register: _ = try? RegisterOptions.decode(bytes, head.dictionary, serializer)
        case .call: _ = try? CallOptions.decode(bytes, head.dictionary, serializer)
        case .yield, .error: _ = try? YieldOptions.decode(bytes, head.dictionary, serializer)
        case .cancel: _ = try? CancelMode.decode(bytes, head.dictionary, serializer)
        default: break
        }
    }
}
