import NIOCore
import WAMP
import WAMPTransport

/// What has waited for a session, on its way to another transport.
enum WaitingMessages: Sendable {
    /// The new transport takes the frames as they are.
    case framed(Delivery)
    /// The messages without what framed them, in order.
    case bare([ByteBuffer], Serializer)
}

extension Delivery {
    /// The messages that these frames hold, in order, as slices of them.
    ///
    /// - Parameter framing: in which the router itself has framed them.
    /// - Returns: nil when they do not come out whole: then something is missing, and nobody can say what.
    func messages(framed framing: Framing) -> [ByteBuffer]? {
        switch framing {
        case .webSocketText, .webSocketBinary:
            // Text was checked when it came in, and a server's frames are not masked.
            cut(WebSocketFrameParser(side: .client, messageBytesMax: .max, textCheck: .reader), framing)
        case .rawSocket: cut(RawSocketFrameParser(messageBytesMax: .max), framing)
        case .recordSeparated, .cancelSeparated: cutBatch(.json)
        // Whatever the messages are: a batch of MessagePack is cut by lengths alone.
        case .lengthPrefixed: cutBatch(.messagePack)
        }
    }

    private func cut(_ parser: some FrameParser, _ framing: Framing) -> [ByteBuffer]? {
        var parser = parser
        var messages: [ByteBuffer] = []
        var byteCount = 0
        var header: [UInt8] = []
        for buffer in buffers {
            byteCount += buffer.readableBytes
            parser.append(buffer)
            do throws(FramingViolation) {
                while let event = try parser.next() {
                    guard case .message(let message, _) = event, message.readableBytes <= framing.messageBytesMax else {
                        return nil
                    }
                    framing.writeHeader(length: message.readableBytes, into: &header)
                    byteCount -= header.count + message.readableBytes
                    header.removeAll(keepingCapacity: true)
                    messages.append(message)
                }
            } catch {
                return nil
            }
        }
        return byteCount == 0 ? messages : nil
    }

    private func cutBatch(_ serializer: Serializer) -> [ByteBuffer]? {
        var whole = ByteBuffer()
        for buffer in buffers { whole.writeImmutableBuffer(buffer) }
        guard whole.readableBytes > 0 else { return [] }
        do throws(FramingViolation) {
            var batch = try MessageBatch(whole, serializer)
            var messages: [ByteBuffer] = []
            while let message = try batch.next() { messages.append(message) }
            return messages
        } catch {
            return nil
        }
    }
}
