import Logging
import ModuleKit
import NIOCore
import NIOEmbedded
import Router
import WAMP

/// A router, its peers, and the reads of its sockets, all made in advance.
final class Workload {
    static let realm = "realm1"
    static let hello: [String: Value] = [
        "roles": ["publisher": [:], "subscriber": [:], "caller": [:], "callee": [:]]
    ]
    /// Operations before the count begins: caches are filled, memory has grown.
    static let warmUpCount = 64
    /// Operations that one read of a socket brings. A session begins in one read and ends in another.
    private let batch: Int
    private static let procedure = "com.example.procedure"
    private static let topic = "com.example.topic"

    private let cell: Cell
    private let loop = EmbeddedEventLoop()
    private let router: RouterHost
    private var active: Peer
    private var passive: [Peer] = []
    /// What `active` sends with each read, and what is sent behind it: a callee's answers, a session's end.
    private var requests: [ByteBuffer] = []
    private var answers: [ByteBuffer] = []

    init(_ cell: Cell, capacity: Int) throws {
        self.cell = cell
        batch = cell.isSession ? 1 : 16
        var configuration = RouterConfiguration()
        let role = Permissions([PermissionRule("com.example.", .prefix, allow: Set(Action.allCases))])
        configuration.realms[Self.realm] = PlainRealm(
            definition: RealmDefinition(uri: Self.realm), roles: ["peer": role], anonymousRole: "peer")
        let authenticators = AuthenticatorRegistry()
        router = RouterHost(
            configuration, group: loop, authenticators: authenticators, wallClock: 1_790_000_000, agent: "Gantry")
        authenticators.add(
            try PlainRealms(
                configuration, host: router, attempts: NobodyTries(), keysDirectory: "/nowhere",
                logger: Logger(label: "router") { _ in SwiftLogNoOpLogHandler() }))
        active = try Peer(router, loop, usesRawSocket: cell.usesRawSocket)
        try prepare(Self.warmUpCount + capacity)
        loop.run()
    }

    /// Runs the operations of a range, both ends multiples of a batch or not: reads are whole.
    func run(from start: Int, to end: Int) throws {
        let answering = passive.first ?? active
        for read in start / batch..<(end + batch - 1) / batch {
            try active.send(requests[read])
            loop.run()
            if !answers.isEmpty {
                try answering.send(answers[read])
                loop.run()
            }
        }
    }

    /// Nothing was measured if the router has not answered, or has refused: every operation writes something to somebody.
    func checkAnswers(operations: Int) throws {
        let bytes = cell.subscriberCount > 0 ? passive.map(\.receivedBytes).min() ?? 0 : active.receivedBytes
        let each = bytes / max(1, operations)
        guard each >= cell.answerBytesMin, each <= cell.answerBytesMax else {
            throw Mistake("\(cell.rawValue): \(operations) operations led to \(bytes) bytes of answers")
        }
    }

    // MARK: Making the frames

    private func prepare(_ count: Int) throws {
        switch cell {
        case .publish1RawSocket, .publish1WebSocket, .publish100RawSocket, .publish100WebSocket:
            try preparePublications(count, Payload([.string(String(repeating: "x", count: 256))]))
        case .transcode:
            try preparePublications(count, Payload([Self.row], ["source": "press", "count": 7]))
        case .callRawSocket, .callWebSocket: try prepareCalls(count)
        case .subscribeRawSocket, .subscribeWebSocket: try prepareSubscriptions(count)
        case .joinRawSocket, .joinWebSocket: prepareSessions(count)
        }
    }

    private func preparePublications(_ count: Int, _ payload: Payload) throws {
        try active.join()
        for _ in 0..<cell.subscriberCount {
            let subscriber = try Peer(router, loop, usesRawSocket: cell.usesRawSocket || cell == .transcode)
            try subscriber.join()
            var bytes: [UInt8] = []
            subscriber.frame({ $0.request(.subscribe, RequestID(1), [:], Self.topic) }, into: &bytes)
            try subscriber.send(ByteBuffer(bytes: bytes))
            passive.append(subscriber)
        }
        let encoded = try Encoded(payload, active.serializer)
        requests = batches(count) { number, bytes in
            self.active.frame({ encoded.request(.publish, number, Self.topic, &$0) }, into: &bytes)
        }
    }

    private func prepareCalls(_ count: Int) throws {
        try active.join()
        let callee = try Peer(router, loop, usesRawSocket: cell.usesRawSocket)
        try callee.join()
        var bytes: [UInt8] = []
        callee.frame({ $0.request(.register, RequestID(1), [:], Self.procedure) }, into: &bytes)
        try callee.send(ByteBuffer(bytes: bytes))
        passive = [callee]
        let encoded = try Encoded(Payload([.string("sixteen bytes...")]), active.serializer)
        requests = batches(count) { number, bytes in
            self.active.frame({ encoded.request(.call, number, Self.procedure, &$0) }, into: &bytes)
        }
        // A callee's invocations are numbered from 1.
        answers = batches(count) { number, bytes in
            callee.frame({ encoded.yield(number, &$0) }, into: &bytes)
        }
    }

    private func prepareSubscriptions(_ count: Int) throws {
        try active.join()
        // Subscriptions are numbered from 1 within the realm.
        requests = batches(count) { number, bytes in
            self.active.frame(
                { $0.request(.subscribe, RequestID(UInt64(2 * number - 1)), [:], "\(Self.topic).\(number % 100)") },
                into: &bytes)
            self.active.frame({ $0.answer(.unsubscribe, RequestID(UInt64(2 * number)), UInt64(number)) }, into: &bytes)
        }
    }

    private func prepareSessions(_ count: Int) {
        requests = batches(count) { _, bytes in
            self.active.frame({ $0.handshake(.hello, Self.realm, Self.hello) }, into: &bytes)
        }
        answers = batches(count) { _, bytes in
            self.active.frame({ $0.farewell(.goodbye, .closeRealm) }, into: &bytes)
        }
    }

    /// The frames of operations 1, 2, 3, …, `batch` of them in each read.
    private func batches(_ count: Int, _ frame: (_ number: Int, inout [UInt8]) -> Void) -> [ByteBuffer] {
        stride(from: 0, to: count, by: batch).map { start in
            var bytes: [UInt8] = []
            for number in start..<start + batch { frame(number + 1, &bytes) }
            return ByteBuffer(bytes: bytes)
        }
    }

    private static let row: Value = [
        "tsp": 1_790_000_000_000, "temperature": 21.375, "pressure": 6.5, "closed": true,
        "note": "a note of twenty chars", "limits": [1, 20, 300, -4],
    ]
}

/// A payload in one serializer, ready to be spliced in.
private struct Encoded {
    private let bytes: [UInt8]
    private let range: PayloadRange

    init(_ payload: Payload, _ serializer: Serializer) throws {
        let payload = try payload.transcoded(to: serializer)
        bytes = payload.arguments + payload.argumentsKw
        range = PayloadRange(
            arguments: ByteRange(0, payload.arguments.count),
            argumentsKw: payload.argumentsKw.isEmpty ? .empty : ByteRange(payload.arguments.count, bytes.count))
    }

    func request(_ type: MessageType, _ number: Int, _ uri: String, _ writer: inout ValueWriter) {
        writer.request(type, RequestID(UInt64(number)), [:], uri, range, bytes.span)
    }

    func yield(_ number: Int, _ writer: inout ValueWriter) {
        writer.yield(RequestID(UInt64(number)), YieldOptions(), range, bytes.span)
    }
}

/// Sessions are anonymous here.
private struct NobodyTries: AttemptJudging {
    func begin() -> Duration { .zero }
    func verdict(_ isRight: Bool, from _: String, on _: String, since _: Duration) async -> Bool { false }
    func mayGoOn(from _: String, on _: String, since _: Duration) async -> Bool { false }
    func refuse(since start: Duration) async {}
    func forgive(_ subject: String) {}
}
