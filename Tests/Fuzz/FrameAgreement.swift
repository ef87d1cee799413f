import NIOCore
import WAMP

@testable import WAMPTransport

/// What must hold for the bytes of a connection below WAMP: however reads cut them, they are the same frames and the
/// same violation; and what was received can be sent again.
enum FrameAgreement {
    /// What a parser made of a connection.
    private struct Outcome: Equatable {
        var events: [FrameEvent] = []
        var violation: FramingViolation?
    }

    /// The first bytes of an input say which parser it is for and how reads cut the others.
    private struct Delivery {
        /// The sizes of the reads, one after the other and again from the first.
        var sizes: [Int]
        /// Events are taken after each read, or when everything is there.
        var takesAtOnce: Bool

        static let whole = Delivery(sizes: [.max], takesAtOnce: true)
        static let bytewise = Delivery(sizes: [1], takesAtOnce: true)
    }

    // MARK: WebSocket

    static func webSocketDifference(_ bytes: [UInt8]) -> String? {
        var input = InputReader(bytes)
        let flags = input.byte()
        let side: WebSocketFrameParser.Side = flags & 1 == 0 ? .server : .client
        let inflates = flags & 2 != 0
        let textCheck: WebSocketFrameParser.TextCheck = flags & 4 == 0 ? .parser : .reader
        let type: WebSocketFrameParser.MessageType = [.any, .text, .binary, .any][Int(flags >> 3 & 3)]
        let bytesMax = [1 << 16, 200, 0, 5000][Int(flags >> 5 & 3)]
        let parser = WebSocketFrameParser(
            side: side, messageBytesMax: bytesMax, messageType: type, textCheck: textCheck, inflates: inflates)
        let delivery = delivery(&input, takesAtOnce: flags & 0x80 == 0)
        let stream = input.remaining
        let outcome = outcome(stream, parser, .whole)
        if let wrong = webSocketRule(outcome, type, bytesMax) { return wrong }
        for other in [delivery, .bytewise] {
            let again = Self.outcome(stream, parser, other)
            guard again.events == outcome.events, isSame(again.violation, outcome.violation, inflates: inflates) else {
                return "whole: \(outcome), in reads of \(other.sizes): \(again)"
            }
        }
        return returnDifference(outcome.events, side)
    }

    private static func webSocketRule(
        _ outcome: Outcome, _ type: WebSocketFrameParser.MessageType, _ bytesMax: Int
    ) -> String? {
        for (index, event) in outcome.events.enumerated() {
            switch event {
            case .message(let payload, let isText):
                guard payload.readableBytes <= bytesMax else { return "a message of \(payload.readableBytes) bytes" }
                guard type == .any || (type == .text) == isText else { return "a message of the wrong type" }
            case .ping(let payload), .pong(let payload):
                guard payload.readableBytes <= 125 else { return "a control frame of \(payload.readableBytes) bytes" }
            case .close(let code, _):
                guard index == outcome.events.count - 1, outcome.violation == nil else { return "more behind a close" }
                guard code.map({ WebSocketCloseCode(received: $0.rawValue) != nil }) ?? true else {
                    return "close code \(code?.rawValue ?? 0)"
                }
            }
        }
        return nil
    }

    /// Which of two things is wrong with one compressed message is told by which of them is seen first.
    private static func isSame(_ a: FramingViolation?, _ b: FramingViolation?, inflates: Bool) -> Bool {
        let ofContents: Set<FramingViolation?> = [.invalidUTF8, .messageTooBig, .invalidCompression]
        return a == b || inflates && ofContents.isSuperset(of: [a, b])
    }

    /// The messages that were received, sent to the other side and read there.
    private static func returnDifference(_ events: [FrameEvent], _ side: WebSocketFrameParser.Side) -> String? {
        let messages = events.compactMap { event -> (payload: ByteBuffer, isText: Bool)? in
            if case .message(let payload, let isText) = event { (payload, isText) } else { nil }
        }
        let expected = messages.map { FrameEvent.message($0.payload, isText: $0.isText) }
        var masked: [UInt8] = []
        for (payload, isText) in messages {
            WebSocketFrame.writeMasked(
                isText ? .text : .binary, payload: payload.readableBytesView, maskingKey: 0xA1B2_C3D4, into: &masked)
        }
        let atServer = outcome(masked, WebSocketFrameParser(side: .server, messageBytesMax: 1 << 16), .whole)
        guard atServer == Outcome(events: expected) else { return "sent again by a client: \(atServer)" }
        for isText in [false, true] {
            let mine = messages.filter { $0.isText == isText && $0.payload.readableBytes > 0 }.map(\.payload)
            let assembler = FrameAssembler(
                isText: isText, isBatched: false, deflate: PerMessageDeflate(serverWindowBits: 9))
            let parts = mine.map { payload in
                var part: [UInt8] = []
                Framing.lengthPrefixed.writeHeader(length: payload.readableBytes, into: &part)
                return ByteBuffer(bytes: part + payload.readableBytesView)
            }
            let compressed = assembler.frames(parts).flatMap { Array($0.readableBytesView) }
            let parser = WebSocketFrameParser(side: .client, messageBytesMax: 1 << 16, inflates: true)
            let atClient = outcome(compressed, parser, .whole)
            guard atClient == Outcome(events: mine.map { .message($0, isText: isText) }) else {
                return "compressed and sent again by a server: \(atClient)"
            }
        }
        return nil
    }

    // MARK: RawSocket

    /// A connection from its first byte on: the handshake and then frames.
    static func rawSocketDifference(_ bytes: [UInt8]) -> String? {
        var input = InputReader(bytes)
        let flags = input.byte()
        let bytesMax = [1 << 16, 200, 0, 1 << 24][Int(flags & 3)]
        let delivery = delivery(&input, takesAtOnce: flags & 0x80 == 0)
        if flags & 4 != 0, let wrong = handshakeDifference(input.bytes(RawSocketHandshake.bytes)) { return wrong }
        let stream = input.remaining
        let parser = RawSocketFrameParser(messageBytesMax: bytesMax)
        let outcome = outcome(stream, parser, .whole)
        for other in [delivery, .bytewise] {
            let again = Self.outcome(stream, parser, other)
            guard again == outcome else { return "whole: \(outcome), in reads of \(other.sizes): \(again)" }
        }
        // Nothing is masked, and a length has one form: the frames written again are the bytes that were read.
        var written: [UInt8] = []
        for event in outcome.events {
            switch event {
            case .message(let payload, _):
                Framing.rawSocket.writeHeader(length: payload.readableBytes, into: &written)
                written += payload.readableBytesView
            case .ping(let payload): written += RawSocketFrame.control(.ping, payload: payload.readableBytesView)
            case .pong(let payload): written += RawSocketFrame.control(.pong, payload: payload.readableBytesView)
            case .close: return "a RawSocket has no close frame"
            }
        }
        return stream.starts(with: written) ? nil : "written again: \(written)"
    }

    private static func handshakeDifference(_ octets: [UInt8]) -> String? {
        do throws(RawSocketHandshake.Refusal) {
            let request = try RawSocketHandshake.request(octets)
            guard (1 << 10...1 << 24).contains(request.messageBytesMax) else { return "\(request)" }
            let again = RawSocketHandshake(serializer: request.serializer, messageBytesMax: request.messageBytesMax)
            guard again == request, again.octets[1...] == octets[1...] else { return "\(request) became \(again)" }
        } catch {
            for serializer in Serializer.allCases {
                let answer = try? RawSocketHandshake.reply(RawSocketHandshake.octets(refusing: error), to: serializer)
                guard answer == nil else { return "\(error) was read as \(serializer)" }
            }
        }
        for serializer in Serializer.allCases {
            if let answer = try? RawSocketHandshake.reply(octets, to: serializer), answer.octets != octets {
                return "\(octets) was read as \(answer)"
            }
        }
        return nil
    }

    // MARK: Reading

    private static func delivery(_ input: inout InputReader, takesAtOnce: Bool) -> Delivery {
        let sizes = (0...input.below(8)).map { _ in Int(input.byte()) + 1 }
        return Delivery(sizes: sizes, takesAtOnce: takesAtOnce)
    }

    private static func outcome(_ stream: [UInt8], _ parser: some FrameParser, _ delivery: Delivery) -> Outcome {
        var parser = parser
        var outcome = Outcome()
        var rest = stream[...]
        var count = 0
        while !rest.isEmpty, outcome.violation == nil {
            let size = delivery.sizes[count % delivery.sizes.count]
            count += 1
            // Not at the start of its buffer, as NIO's reads may be.
            var buffer = ByteBuffer(bytes: [0xFF] + rest.prefix(size))
            buffer.moveReaderIndex(forwardBy: 1)
            parser.append(buffer)
            rest = rest.dropFirst(size)
            if delivery.takesAtOnce || rest.isEmpty { take(&parser, &outcome) }
        }
        return outcome
    }

    private static func take(_ parser: inout some FrameParser, _ outcome: inout Outcome) {
        do throws(FramingViolation) {
            while let event = try parser.next() {
                // Text that the parser has left to the reader of JSON is checked there.
                if case .message(let payload, isText: true) = event, !isUTF8(payload) {
                    outcome.violation = .invalidUTF8
                    return
                }
                outcome.events.append(event)
            }
        } catch {
            outcome.violation = error
        }
    }

    private static func isUTF8(_ payload: ByteBuffer) -> Bool {
        String(validating: payload.readableBytesView, as: UTF8.self) != nil
    }
}
