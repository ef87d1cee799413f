import LoadGenerator
import NIOCore

/// NATS, as far as a load needs it: a call is a publication with a reply subject of the caller's own.
final class NATSCodec: LoadCodec {
    private static let subject = Array("bench.subject".utf8)
    private static let service = Array("bench.service".utf8)

    private let role: LoadRole
    private var isReady = false
    private var input = ByteBuffer()
    private var output: [UInt8] = []
    private var payload: [UInt8]
    private var last: UInt64 = 0
    private(set) var latestError: String?

    init(_ role: LoadRole, payloadBytes: Int) {
        self.role = role
        payload = Array(repeating: UInt8(ascii: "x"), count: payloadBytes)
    }

    /// The server speaks first.
    func begin() {}

    func receive(_ bytes: ByteBuffer, _ signals: inout [LoadSignal]) throws {
        input.writeImmutableBuffer(bytes)
        let consumed = try input.withUnsafeReadableBytes { try read($0, &signals) }
        input.moveReaderIndex(forwardBy: consumed)
        if input.readableBytes == 0 { input.clear() }
    }

    /// Reads whole operations.
    /// - Returns: how many bytes they took.
    private func read(_ bytes: UnsafeRawBufferPointer, _ signals: inout [LoadSignal]) throws -> Int {
        var position = 0
        while position < bytes.count {
            guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { break }
            let line = UnsafeRawBufferPointer(rebasing: bytes[position..<max(position, end - 1)])
            guard line.starts(with: "MSG ".utf8) else {
                try control(line, &signals)
                position = end + 1
                continue
            }
            // MSG <subject> <sid> [reply-to] <#bytes>
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            let count = fields.last.map { $0.reduce(0) { $0 &* 10 &+ Int($1 & 15) } } ?? 0
            let body = end + 1
            guard fields.count >= 4, count <= 1 << 24 else { throw LoadError("the server sent a MSG without a length") }
            guard bytes.count - body >= count + 2 else { break }
            message(fields, UnsafeRawBufferPointer(rebasing: bytes[body..<body + count]), &signals)
            position = body + count + 2
        }
        return position
    }

    private func message(
        _ fields: [Slice<UnsafeRawBufferPointer>], _ body: UnsafeRawBufferPointer, _ signals: inout [LoadSignal]
    ) {
        switch role.kind {
        case .callee: if fields.count > 4 { publish(Array(fields[3]), reply: [], Array(body)) }
        case .caller:
            let number = fields[1].split(separator: UInt8(ascii: ".")).last ?? fields[1]
            signals.append(.result(number.reduce(0) { $0 &* 10 &+ UInt64($1 & 15) }))
        default: signals.append(.event(LoadStamp(body.bindMemory(to: UInt8.self).span, at: 0)))
        }
    }

    private func control(_ line: UnsafeRawBufferPointer, _ signals: inout [LoadSignal]) throws {
        if line.starts(with: "INFO".utf8) {
            write(
                "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"swift\",\"version\":\"1\",\"protocol\":1}\r\n"
            )
            switch role.kind {
            case .subscriber: write("SUB \(String(decoding: Self.subject, as: UTF8.self)) 1\r\n")
            case .callee: write("SUB \(String(decoding: Self.service, as: UTF8.self)) 1\r\n")
            case .caller: write("SUB _INBOX.\(role.number).* 1\r\n")
            case .publisher, .idle: break
            }
            write("PING\r\n")
        } else if line.starts(with: "PONG".utf8) {
            if !isReady { signals.append(.ready) }
            isReady = true
        } else if line.starts(with: "PING".utf8) {
            write("PONG\r\n")
        } else if line.starts(with: "-ERR".utf8) {
            throw LoadError("the server says \(String(decoding: line, as: UTF8.self))")
        }
    }

    func call() -> UInt64 {
        last += 1
        publish(Self.service, reply: Array("_INBOX.\(role.number).\(last)".utf8), payload)
        return last
    }

    func publish(topic: Int, _ stamp: LoadStamp) -> UInt64 {
        last += 1
        stamp.write(to: &payload, at: 0)
        publish(Self.subject, reply: [], payload)
        return last
    }

    private func publish(_ subject: [UInt8], reply: [UInt8], _ body: [UInt8]) {
        output += "PUB ".utf8
        output += subject
        output.append(UInt8(ascii: " "))
        if !reply.isEmpty {
            output += reply
            output.append(UInt8(ascii: " "))
        }
        output += String(body.count).utf8
        output += "\r\n".utf8
        output += body
        output += "\r\n".utf8
    }

    func leave() -> Bool { false }

    func drain(into buffer: inout ByteBuffer) {
        buffer.writeBytes(output)
        output.removeAll(keepingCapacity: output.capacity <= 1 << 16)
    }

    private func write(_ text: String) { output += text.utf8 }
}
