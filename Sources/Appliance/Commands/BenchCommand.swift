import ArgumentParser
import ModuleKit
import Synchronization
import WAMP
import WAMPClient

/// Measures any WAMP router from outside, with the client that the rest of the appliance uses.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure calls or fan-out against a WAMP router.",
        discussion: """
            rpc: callers that each keep `depth` calls to one callee under way.
            fanout: one publisher that keeps `depth` publications under way, which all subscribers receive.
            """)

    enum Mode: String, CaseIterable, ExpressibleByArgument, Sendable { case rpc, fanout }

    @Argument(help: "ws://, wss://, rs://, rss:// or unix:///path of a router.") var url: String
    @Option(help: "What to measure.") var mode = Mode.rpc
    @Option(help: "The realm, which must admit anonymous sessions.") var realm = "realm1"
    @Option(help: "json, msgpack or cbor.") var serializer = "msgpack"
    @Option(help: "Callers (rpc) or subscribers (fanout).") var peers = 8
    @Option(help: "Calls under way for each caller, or publications under way.") var depth = 16
    @Option(help: "Bytes of payload.") var size = 16
    @Option(help: "Seconds.") var duration = 3.0
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard peers > 0, depth > 0, size >= 0, duration > 0 else {
            throw ValidationError("--peers, --depth and --duration must be above 0")
        }
    }

    func run() async throws {
        guard let endpoint = ClientEndpoint(url) else {
            throw CommandError(.usage, "\(url): expected ws://host:port/path, rs://host:port or unix:///path")
        }
        guard let serializer = Serializer.allCases.first(where: { $0.name == self.serializer }) else {
            throw CommandError(.usage, "--serializer \(self.serializer): expected json, msgpack or cbor")
        }
        do {
            let bench = Bench(endpoint: endpoint, realm: realm, serializer: serializer, command: self)
            format.print(try await bench.run().value, columns: BenchResult.columns)
        } catch let error as WAMPError {
            throw CommandError(error)
        }
    }
}

/// One measurement.
private struct Bench: Sendable {
    let endpoint: ClientEndpoint
    let realm: String
    let serializer: Serializer
    let mode: BenchCommand.Mode
    let peers: Int
    let depth: Int
    let duration: Duration
    let payload: Payload

    init(endpoint: ClientEndpoint, realm: String, serializer: Serializer, command: BenchCommand) {
        self.endpoint = endpoint
        self.realm = realm
        self.serializer = serializer
        mode = command.mode
        peers = command.peers
        depth = command.depth
        duration = .milliseconds(Int64(command.duration * 1000))
        payload = Payload([.string(String(repeating: "x", count: command.size))], serializer: serializer)
    }

    func run() async throws -> BenchResult {
        switch mode {
        case .rpc: try await calls()
        case .fanout: try await fanOut()
        }
    }

    private func connect() async throws -> Client {
        try await Client.connect(to: endpoint, realm: realm, serializer: serializer)
    }

    private func calls() async throws -> BenchResult {
        let callee = try await connect()
        let procedure = "gantry.bench.\(callee.id.rawValue)"
        _ = try await callee.register(procedure, options: RegisterOptions()) { $0.yield($0.payload) }
        let end = ContinuousClock.now + duration
        let latencies = try await withThrowingTaskGroup(of: Latencies.self) { group in
            for _ in 0..<peers {
                let caller = try await connect()
                for _ in 0..<depth {
                    group.addTask {
                        var latencies = Latencies()
                        while ContinuousClock.now < end {
                            let start = ContinuousClock.now
                            _ = try await caller.call(procedure, payload)
                            latencies.record(ContinuousClock.now - start)
                        }
                        return latencies
                    }
                }
            }
            return try await group.reduce(into: Latencies()) { $0.merge($1) }
        }
        await callee.leave(reason: .normalClose)
        return BenchResult(unit: "call", latencies: latencies, duration: duration)
    }

    private func fanOut() async throws -> BenchResult {
        let publisher = try await connect()
        let topic = "gantry.bench.\(publisher.id.rawValue)"
        let deliveries = Deliveries(expected: peers)
        for _ in 0..<peers {
            let subscriber = try await connect()
            _ = try await subscriber.subscribe(topic, options: SubscribeOptions()) { _ in deliveries.received() }
        }
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end {
            await deliveries.room(depth)
            deliveries.published()
            publisher.publish(topic, payload)
        }
        await deliveries.room(1)
        await publisher.leave(reason: .normalClose)
        return BenchResult(unit: "event", latencies: deliveries.latencies, duration: duration)
    }
}

/// Publications under way, and who waits for room. Events arrive in order at each subscriber, so the n-th
/// `expected` deliveries complete the n-th publication.
private final class Deliveries: Sendable {
    private struct State {
        var started: [ContinuousClock.Instant] = []
        var completed = 0
        var receivedCount = 0
        var latencies = Latencies()
        var waiter: (room: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let expected: Int
    private let state = Mutex(State())

    init(expected: Int) { self.expected = expected }

    var latencies: Latencies { state.withLock { $0.latencies } }

    func published() { state.withLock { $0.started.append(.now) } }

    func received() {
        let resumed = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.completed < state.started.count else { return nil }
            state.latencies.record(.now - state.started[state.completed])
            state.receivedCount += 1
            if state.receivedCount % expected == 0 { state.completed += 1 }
            guard let waiter = state.waiter, state.started.count - state.completed < waiter.room else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        resumed?.resume()
    }

    /// Waits until fewer than `count` publications are under way.
    func room(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.started.count - state.completed >= count else { return true }
                state.waiter = (count, continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }
}

/// What a measurement found.
private struct BenchResult: Sendable {
    static let columns = ["operations", "per_second", "p50_us", "p99_us", "max_us", "unit"]

    var unit: String
    var latencies: Latencies
    var duration: Duration

    var value: Value {
        [
            "unit": .string(unit), "operations": .integer(Int64(latencies.count)),
            "per_second": .integer(Int64(Double(latencies.count) / (duration / .seconds(1)))),
            "p50_us": microseconds(latencies.percentile(0.5)), "p99_us": microseconds(latencies.percentile(0.99)),
            "max_us": microseconds(latencies.max),
        ]
    }

    private func microseconds(_ duration: Duration) -> Value {
        .integer(Int64(duration / .microseconds(1)))
    }
}
