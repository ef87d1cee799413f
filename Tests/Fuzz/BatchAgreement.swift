import NIOCore
import WAMP
import WAMPTransport

/// What must hold for a batch: its messages, framed again one by one, are the batch.
enum BatchAgreement {
    static func difference(_ bytes: [UInt8]) -> String? {
        Serializer.allCases.lazy.compactMap { difference(bytes, $0) }.first
    }

    private static func difference(_ bytes: [UInt8], _ serializer: Serializer) -> String? {
        do throws(FramingViolation) {
            var batch = try MessageBatch(ByteBuffer(bytes: bytes), serializer)
            let framing = batch.framing
            var again: [UInt8] = []
            while let message = try batch.next() {
                framing.writeHeader(length: message.readableBytes, into: &again)
                again += message.readableBytesView
                if let trailer = framing.trailer { again.append(trailer) }
                guard again.count <= bytes.count else { return "more than there was: \(again)" }
            }
            // A JSON batch may mix its separators; the last one is the one that answers use.
            let isSeparator: (UInt8) -> Bool = { $0 == MessageBatch.recordSeparator || $0 == MessageBatch.cancel }
            let expected = serializer == .json ? bytes.map { isSeparator($0) ? bytes[bytes.count - 1] : $0 } : bytes
            return again == expected ? nil : "as \(serializer.name) it became \(again)"
        } catch {
            return isRefusable(bytes, serializer) ? nil : "as \(serializer.name): \(error)"
        }
    }

    /// Whether a batch is wrong, found out in another way.
    private static func isRefusable(_ bytes: [UInt8], _ serializer: Serializer) -> Bool {
        guard let last = bytes.last else { return true }
        guard serializer != .json else { return last != MessageBatch.recordSeparator && last != MessageBatch.cancel }
        var position = 0
        while position + 4 <= bytes.count {
            position += 4 + bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        return position != bytes.count
    }
}
