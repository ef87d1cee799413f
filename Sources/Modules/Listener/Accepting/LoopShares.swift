/// How many connections each event loop has, and whose turn it is to accept the next one. Pure: `AcceptTurns` guards
/// and uses it.
///
/// Loops are filled in blocks: a message between two connections of one loop costs no wake-up of another thread (three
/// system calls and a switch of context, each way), and connections that come one after the other tend to have
/// business with each other. So a small plant runs on one loop, as fast as that can be, and a large one is spread over
/// all of them, no two of which differ by more than a block while connections only come.
struct LoopShares: Sendable {
    /// A loop takes so many connections before the turn may go on.
    static let block = 16

    private(set) var counts: [Int]
    /// The loop whose turn it is.
    private(set) var turn = 0

    init(loopCount: Int) { counts = Array(repeating: 0, count: loopCount) }

    /// Counts a connection. The turn passes on when its loop has filled a block that another has not.
    mutating func accepted(on loop: Int) {
        counts[loop] += 1
        let least = counts.reduce(.max, min) / Self.block
        guard counts[turn] / Self.block > least else { return }
        turn = counts.firstIndex { $0 / Self.block == least } ?? turn
    }

    mutating func closed(on loop: Int) { counts[loop] -= 1 }
}
