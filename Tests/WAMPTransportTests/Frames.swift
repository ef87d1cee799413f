import NIOCore
import WAMPTransport

// What the tables of these tests are written in.

/// Feeds bytes to a parser in reads of `piece` bytes, and takes what comes out.
func parse(
    _ bytes: [UInt8], with parser: some FrameParser, pieces piece: Int = .max
) -> (events: [FrameEvent], violation: FramingViolation?) {
    var parser = parser
    var events: [FrameEvent] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        parser.append(ByteBuffer(bytes: rest.prefix(piece)))
        rest = rest.dropFirst(piece)
        do {
            while let event = try parser.next() { events.append(event) }
        } catch {
            return (events, error)
        }
    }
    return (events, nil)
}

/// A client's frame, byte by byte as RFC 6455 has it: the reference that the fast code is compared with.
func frame(
    _ opcode: UInt8, _ payload: [UInt8] = [], fin: Bool = true, rsv: UInt8 = 0,
    key: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D],
    lengthBytes: Int? = nil
) -> [UInt8] {
    var bytes: [UInt8] = [(fin ? 0x80 : 0) | rsv << 4 | opcode]
    let mask: UInt8 = key == nil ? 0 : 0x80
    switch lengthBytes ?? (payload.count < 126 ? 0 : payload.count < 65536 ? 2 : 8) {
    case 0: bytes.append(mask | UInt8(payload.count))
    case 2: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    default: bytes += [mask | 127] + (0..<8).map { UInt8(payload.count >> (56 - 8 * $0) & 0xFF) }
    }
    guard let key else { return bytes + payload }
    return bytes + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
}

func text(_ string: String) -> FrameEvent { .message(ByteBuffer(string: string), isText: true) }
func binary(_ bytes: [UInt8]) -> FrameEvent { .message(ByteBuffer(bytes: bytes), isText: false) }

/// A generator whose every run is the same.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
