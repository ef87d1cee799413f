import NIOCore

/// The event loops of the router, by number, and its clocks.
struct RouterLoops: Sendable {
    private let loops: [any EventLoop]
    /// Seconds since 1970 when the monotonic clock stood at zero.
    private let epoch: Double

    /// - Parameter wallClock: seconds since 1970, now.
    init(_ group: any EventLoopGroup, wallClock: Double) {
        loops = Array(group.makeIterator())
        precondition(loops.count <= 64, "a router runs on at most 64 event loops")
        epoch = wallClock - Double(NIODeadline.now().uptimeNanoseconds) / 1e9
    }

    var count: Int { loops.count }

    subscript(number: Int) -> any EventLoop { loops[number] }

    func number(of loop: any EventLoop) -> Int {
        loops.firstIndex { $0 === loop } ?? 0
    }

    /// Milliseconds of the monotonic clock.
    func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }

    /// Seconds since 1970 at a point of the monotonic clock.
    func wallClock(at milliseconds: UInt64) -> Double { epoch + Double(milliseconds) / 1000 }
}
