import LoadGenerator
import NIOCore

/// MQTT 3.1.1, as far as a load needs it.
final class MQTTCodec: LoadCodec {
    private enum Packet {
        static let connect: UInt8 = 0x10
        static let connack: UInt8 = 0x20
        static let publish: UInt8 = 0x30
        static let puback: UInt8 = 0x40
        static let subscribe: UInt8 = 0x82
        static let suback: UInt8 = 0x90
        static let disconnect: UInt8 = 0xE0
        static let atLeastOnce: UInt8 = 0x02
    }

    private static let topic = Array("bench/topic".utf8)

    private let role: LoadRole
    private let acknowledges: Bool
    private var input = ByteBuffer()
    private var output: [UInt8] = []
    private var payload: [UInt8]
    private var last: UInt64 = 0
    private(set) var latestError: String?

    init(_ role: LoadRole, _ acknowledges: Bool, payloadBytes: Int) {
        self.role = role
        self.acknowledges = acknowledges
        payload = Array(repeating: UInt8(ascii: "x"), count: payloadBytes)
    }

    func begin() {
        let name = Array("bench-\(UInt64.random(in: 0 ... .max))".prefix(23).utf8)
        // Protocol name and level, clean session, no keep-alive, client identifier.
        write(Packet.connect, [0, 4] + Array("MQTT".utf8) + [4, 2, 0, 0, 0, UInt8(name.count)] + name)
    }

    func receive(_ bytes: ByteBuffer, _ signals: inout [LoadSignal]) throws {
        input.writeImmutableBuffer(bytes)
        let consumed = try input.withUnsafeReadableBytes { try read($0, &signals) }
        input.moveReaderIndex(forwardBy: consumed)
        if input.readableBytes == 0 { input.clear() }
    }

    /// Reads whole packets.
    /// - Returns: how many bytes they took.
    private func read(_ bytes: UnsafeRawBufferPointer, _ signals: inout [LoadSignal]) throws -> Int {
        var position = 0
        while let (length, header) = Self.header(bytes, at: position), bytes.count - position >= header + length {
            let start = position + header
            try packet(bytes[position], UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]), &signals)
            position = start + length
        }
        return position
    }

    /// The remaining length of the packet at an offset, and how long its fixed header is.
    private static func header(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> (length: Int, header: Int)? {
        var length = 0
        for index in 0..<4 {
            guard offset + 1 + index < bytes.count else { return nil }
            let byte = bytes[offset + 1 + index]
            length |= Int(byte & 0x7F) << (7 * index)
            if byte & 0x80 == 0 { return (length, 2 + index) }
        }
        return nil
    }

    private func packet(_ first: UInt8, _ body: UnsafeRawBufferPointer, _ signals: inout [LoadSignal]) throws {
        switch first & 0xF0 {
        case Packet.connack:
            guard body.count == 2, body[1] == 0 else { throw LoadError("the broker refuses the connection") }
            guard role.kind == .subscriber else { return signals.append(.ready) }
            write(Packet.subscribe, [0, 1, 0, UInt8(Self.topic.count)] + Self.topic + [0])
        case Packet.suback: signals.append(.ready)
        case Packet.puback where body.count >= 2: signals.append(.acknowledged(UInt64(body[0]) << 8 | UInt64(body[1])))
        case Packet.publish where body.count >= 2:
            let offset = 2 + (Int(body[0]) << 8 | Int(body[1])) + (first & 0x06 == 0 ? 0 : 2)
            signals.append(.event(LoadStamp(body.bindMemory(to: UInt8.self).span, at: offset)))
        default: break
        }
    }

    func call() -> UInt64 { 0 }

    func publish(topic: Int, _ stamp: LoadStamp) -> UInt64 {
        stamp.write(to: &payload, at: 0)
        // Packet identifiers are 1 … 65,535; a run of powers of two keeps them consecutive where it matters.
        last = last % 32_768 + 1
        var head = [0, UInt8(Self.topic.count)] + Self.topic
        if acknowledges { head += [UInt8(truncatingIfNeeded: last >> 8), UInt8(truncatingIfNeeded: last)] }
        write(Packet.publish | (acknowledges ? Packet.atLeastOnce : 0), head, payload)
        return last
    }

    func leave() -> Bool {
        write(Packet.disconnect, [])
        return false
    }

    func drain(into buffer: inout ByteBuffer) {
        buffer.writeBytes(output)
        output.removeAll(keepingCapacity: output.capacity <= 1 << 16)
    }

    private func write(_ type: UInt8, _ head: [UInt8], _ body: [UInt8] = []) {
        output.append(type)
        var length = head.count + body.count
        repeat {
            let rest = length >> 7
            output.append(UInt8(truncatingIfNeeded: length & 0x7F) | (rest > 0 ? 0x80 : 0))
            length = rest
        } while length > 0
        output += head
        output += body
    }
}
