/// Takes an input apart, decision by decision; behind its end every decision is the first choice.
struct InputReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }
    /// Everything that has not been taken.
    var remaining: [UInt8] { Array(rest) }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }
    mutating func bit() -> Bool { byte() & 1 != 0 }
    /// - Parameter count: 1 to 256.
    mutating func below(_ count: Int) -> Int { Int(byte()) % count }
    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
