// One cell of work for the router, in process and without sockets, so that a tool that counts can count it: frames go
// into a connection's handler as they would come off the wire, and what it writes is taken at the other end.
//
//     MessageCost CELL COUNT CAPACITY     prints the allocations of COUNT operations; CAPACITY ≥ COUNT
//     MessageCost                         prints the cells
//
// Whatever does not depend on COUNT is the same in two runs of equal CAPACITY, so that the difference between two counts
// is the cost of the operations alone. See Tests/Benchmarks/counters.

import AllocationCounter

@main
enum MessageCost {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.first else {
            for cell in Cell.allCases { print(cell.rawValue) }
            return
        }
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        guard let cell = Cell(rawValue: name), numbers.count == 2, numbers[0] > 0, numbers[0] <= numbers[1] else {
            throw Mistake("usage: MessageCost CELL COUNT CAPACITY; without arguments it lists the cells")
        }
        let workload = try Workload(cell, capacity: numbers[1])
        try workload.run(from: 0, to: Workload.warmUpCount)
        let before = allocation_count()
        try workload.run(from: Workload.warmUpCount, to: Workload.warmUpCount + numbers[0])
        let allocations = allocation_count() - before
        try workload.checkAnswers(operations: Workload.warmUpCount + numbers[0])
        print(allocations)
    }
}

/// What is measured. One operation is one publication, one call, one subscription made and ended, one session begun
/// and ended.
enum Cell: String, CaseIterable {
    case publish1RawSocket = "publish-1-rs-msgpack"
    case publish1WebSocket = "publish-1-ws-json"
    case publish100RawSocket = "publish-100-rs-msgpack"
    case publish100WebSocket = "publish-100-ws-json"
    case transcode = "publish-1-ws-json-to-rs-msgpack"
    case callRawSocket = "call-rs-msgpack"
    case callWebSocket = "call-ws-json"
    case subscribeRawSocket = "subscribe-unsubscribe-rs-msgpack"
    case subscribeWebSocket = "subscribe-unsubscribe-ws-json"
    case joinRawSocket = "join-leave-rs-msgpack"
    case joinWebSocket = "join-leave-ws-json"

    var usesRawSocket: Bool { rawValue.hasSuffix("rs-msgpack") && self != .transcode }

    var isSession: Bool { self == .joinRawSocket || self == .joinWebSocket }

    /// What the router writes for one operation, at the least: a WELCOME, an EVENT, a RESULT, a SUBSCRIBED.
    var answerBytesMin: Int {
        switch self {
        case .joinRawSocket, .joinWebSocket: 400
        case .subscribeRawSocket, .subscribeWebSocket: 16
        case .callRawSocket, .callWebSocket: 24
        default: 128
        }
    }

    /// What a refusal would exceed, where answers are short and refusals are not.
    var answerBytesMax: Int {
        switch self {
        case .subscribeRawSocket, .subscribeWebSocket, .callRawSocket, .callWebSocket: 64
        default: .max
        }
    }

    var subscriberCount: Int {
        switch self {
        case .publish100RawSocket, .publish100WebSocket: 100
        case .publish1RawSocket, .publish1WebSocket, .transcode: 1
        default: 0
        }
    }
}

struct Mistake: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
