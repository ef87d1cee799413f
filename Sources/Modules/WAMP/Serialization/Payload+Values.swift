extension Payload {
    /// Encodes arguments. Both empty is a payload without a byte; keyword arguments never come without a list,
    /// an empty one if need be, because a message has the one before the other.
    package init(
        _ arguments: [Value], _ argumentsKw: [String: Value] = [:], serializer: Serializer = .messagePack
    ) {
        self.init(
            serializer: serializer,
            arguments: arguments.isEmpty && argumentsKw.isEmpty ? [] : Value.list(arguments).encoded(serializer),
            argumentsKw: argumentsKw.isEmpty ? [] : Value.dictionary(argumentsKw).encoded(serializer))
    }

    /// `Arguments|list`; empty when there were none.
    package func decodedArguments() throws(WireError) -> [Value] {
        guard !arguments.isEmpty else { return [] }
        guard case .list(let elements) = try Value.decode(arguments, serializer) else {
            throw WireError(.invalidMessage, at: 0)
        }
        return elements
    }

    /// `ArgumentsKw|dict`; empty when there were none.
    package func decodedArgumentsKw() throws(WireError) -> [String: Value] {
        guard !argumentsKw.isEmpty else { return [:] }
        guard case .dictionary(let entries) = try Value.decode(argumentsKw, serializer) else {
            throw WireError(.invalidMessage, at: 0)
        }
        return entries
    }

    /// The same arguments for a peer of another serializer.
    package func transcoded(to serializer: Serializer) throws(WireError) -> Payload {
        guard serializer != self.serializer else { return self }
        return Payload(
            serializer: serializer,
            arguments: try transcoded(arguments, to: serializer),
            argumentsKw: try transcoded(argumentsKw, to: serializer))
    }

    private func transcoded(_ value: [UInt8], to serializer: Serializer) throws(WireError) -> [UInt8] {
        guard !value.isEmpty else { return [] }
        var writer = ValueWriter(serializer)
        try Transcoder.transcode(value.span, ByteRange(0, value.count), from: self.serializer, into: &writer)
        return writer.bytes
    }
}
