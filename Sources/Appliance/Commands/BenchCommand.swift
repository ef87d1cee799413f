import ArgumentParser
import LoadGenerator
import NIOCore
import NIOPosix
import NIOSSL
import WAMP
import WAMPClient

/// Measures any WAMP router from outside.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a WAMP router: calls, events, sessions, rows.",
        discussion: """
            rpc     --peers callers, each with --depth calls to one callee under way, or to a --procedure that is there
            fanout  one publisher with --depth publications under way, which --peers subscribers receive
            fanin   --peers publishers, each with --depth publications to one subscriber under way
            ack     --peers publishers, each with --depth acknowledged publications under way
            sparse  --rate publications a second, whatever becomes of them, to --peers subscribers
            join    --peers sessions at a time that join and leave, again and again
            idle    --peers sessions that join and then do nothing; memory for each with --pid
            append  --peers devices, each with --depth appends of --rows rows under way; needs what `gantry simulate` \
            needs, and takes the router's address from there unless it is told another

            With --pid the server's CPU time for each operation is told: the figure to compare routers by.
            """)

    @Argument(help: "ws://, wss://, rs://, rss:// or unix:///path of a router.") var url: String?
    @Option(help: "What to measure.") var mode = BenchMode.rpc
    @Option(help: "The realm.") var realm = "realm1"
    @Option(help: "json, msgpack or cbor.") var serializer = "msgpack"
    @Option(help: "The serializer of callees and subscribers, where it is another.") var receiverSerializer: String?
    @Option(help: "Callers, subscribers, publishers, sessions or devices.") var peers = 8
    @Option(help: "Calls or publications under way for each.") var depth = 16
    @Option(help: "Bytes of payload; 16 at least for fanout, fanin and sparse.") var size = 16
    @Option(help: "sparse: publications a second.") var rate = 1000.0
    @Option(help: "Seconds of one window.") var duration = 3.0
    @Option(help: "Windows; their median is told, the least and the most.") var windows = 1
    @Option(help: "Seconds before the first window.") var warmUp = 0.5
    @Option(help: "Spread the load over so many realms, called by --realm and a number from 1.") var realms: Int?
    @Option(help: "fanout: publish to so many topics in turn, which the subscribers share among them.") var topics = 1
    @Option(help: "How the subscribers match: exact, prefix or wildcard.") var match = "exact"
    @Option(help: "What topics and procedures begin with.") var uri = "gantry.bench"
    @Option(help: "The server's process on this machine, to measure its CPU time and memory.") var pid: Int?
    @Option(help: "The PEM file of the authority that signed the router's certificate.", completion: .file())
    var ca: String?
    @Option(help: "Join as this authid, with the secret in the variable GANTRY_BENCH_SECRET.") var authid: String?
    @Option(help: "With --authid: ticket or wampcra.") var authmethod = "wampcra"
    @Option(help: "rpc: a procedure that somebody else has registered.") var procedure: String?
    @Option(help: "rpc: its arguments, a list in JSON.") var arguments = "[]"
    @Option(help: "append: the app's data template.", completion: .file()) var template: String?
    @Option(help: "append: files of `gantry app install … -o env`, one for each device.", completion: .file())
    var environment: [String] = []
    @Option(help: "append: rows of one appendBulk; 1 is append.") var rows = 1
    @Option(help: "append: milliseconds between two rows of a device.") var step = 1
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard peers > 0, depth > 0, size >= 0, duration > 0, rate > 0, windows > 0, rows > 0, warmUp >= 0 else {
            throw ValidationError("--peers, --depth, --duration, --windows, --rate and --rows must be above 0")
        }
        guard (1...10_000).contains(realms ?? 1), (1...100_000).contains(topics), peers <= 100_000, depth <= 16_384,
            size <= 1 << 20, windows <= 1000, rows <= 10_000, rate <= 1_000_000, (0...86_400_000).contains(step)
        else {
            throw ValidationError(
                """
                at most 10,000 --realms, 100,000 --topics and --peers, 16,384 --depth, 1 MiB --size, 1,000 --windows, \
                10,000 --rows, 1,000,000 --rate
                """)
        }
        if mode.needsStamp, size < LoadStamp.bytes {
            throw ValidationError("--size must be \(LoadStamp.bytes) at least: the payload tells when it was sent")
        }
        if topics > 1, mode != .fanout || realms != nil {
            throw ValidationError("--topics is for --mode fanout in one realm")
        }
        if mode != .append, url == nil { throw ValidationError("which router? ws://host:port/ws, rs://host:port, …") }
    }

    func run() async throws {
        FileLimit.raise()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let line = ProgressLine()
        do {
            let server = try pid.map { try ProcessMeter(process: $0) }
            let (load, tls) = try mode == .append ? appendLoad() : load()
            var plan = mode.plan(peers: peers, depth: depth, rate: rate, realms: realms ?? 1, topics: topics)
            if load.procedure != nil { plan.roles.removeAll { $0.kind == .callee } }
            plan.windowCount = windows
            plan.window = .milliseconds(Int64(duration * 1000))
            plan.warmUp = .milliseconds(Int64(warmUp * 1000))
            let run = LoadRun(plan, to: load.endpoint, tls: tls, on: group.next()) { load.codec(for: $0) }
            let report =
                mode == .join
                ? try await run.measureSessions(atOnce: peers, server: server) { line.show($0) }
                : try await run.measure(server: server) { line.show($0) }
            line.clear()
            try await group.shutdownGracefully()
            format.print(result(report), columns: Self.columns)
        } catch {
            line.clear()
            try? await group.shutdownGracefully()
            guard let error = error as? LoadError else { throw error }
            throw CommandError(error.isConnection ? .unreachable : .failed, error.description)
        }
    }

    static let columns = [
        "mode", "operation", "operations", "per_second", "p50_us", "p90_us", "p99_us", "p999_us", "max_us", "errors",
        "lost", "server_cpu_us", "server_cpu_percent", "server_rss_kib",
    ]

    private func result(_ report: LoadReport) -> Value {
        var entries = report.value.dictionary ?? [:]
        entries["mode"] = .string(mode.rawValue)
        entries["operation"] = .string(mode.operation)
        if let url { entries["url"] = .string(url) }
        if mode == .append { entries["rows_per_operation"] = .integer(Int64(rows)) }
        return .dictionary(entries)
    }

    // MARK: What is connected to

    private func load() throws -> (WAMPLoad, NIOSSLContext?) {
        var load = WAMPLoad(endpoint: try Self.endpoint(url ?? ""), realm: realm)
        load.hasNumberedRealms = realms != nil
        load.serializer = try Self.serializer(serializer, "--serializer")
        load.receiverSerializer =
            try receiverSerializer.map { try Self.serializer($0, "--receiver-serializer") }
            ?? load.serializer
        guard let match = MatchPolicy.allCases.first(where: { $0.name == self.match }) else {
            throw CommandError(.usage, "--match \(self.match): expected exact, prefix or wildcard")
        }
        load.match = match
        load.topicCount = topics
        load.acknowledges = mode == .ack
        load.payloadBytes = size
        // Two measurements at a time do not hear each other.
        load.uri = "\(uri).\(String(UInt32.random(in: 0 ... .max), radix: 16))"
        load.authentications = [try authentication()]
        if let procedure, mode == .rpc {
            load.procedure = procedure
            let payload = try self.payload(load.serializer)
            load.makePayload = { _, _ in payload }
        }
        return (load, try tls())
    }

    static func endpoint(_ url: String) throws -> ClientEndpoint {
        guard let endpoint = ClientEndpoint(url) else {
            throw CommandError(.usage, "\(url): expected ws://host:port/path, rs://host:port or unix:///path")
        }
        return endpoint
    }

    static func serializer(_ name: String, _ option: String) throws -> Serializer {
        guard let serializer = Serializer.allCases.first(where: { $0.name == name }) else {
            throw CommandError(.usage, "\(option) \(name): expected json, msgpack or cbor")
        }
        return serializer
    }

    private func payload(_ serializer: Serializer) throws -> Payload {
        guard let list = try? Value.decode(Array(arguments.utf8), .json).list else {
            throw CommandError(.usage, "--arguments \(arguments): expected a list in JSON")
        }
        return Payload(list, serializer: serializer)
    }

    private func authentication() throws -> ClientAuthentication {
        guard let authid else { return .anonymous }
        guard let secret = Environment.variables["GANTRY_BENCH_SECRET"], !secret.isEmpty else {
            throw CommandError(.usage, "--authid \(authid): the variable GANTRY_BENCH_SECRET has to hold its secret")
        }
        switch authmethod {
        case "ticket": return .ticket(authid: authid, ticket: secret)
        case "wampcra": return .wampcra(authid: authid, secret: secret)
        default: throw CommandError(.usage, "--authmethod \(authmethod): expected ticket or wampcra")
        }
    }

    private func tls() throws -> NIOSSLContext? {
        guard let ca else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(ca)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw CommandError(.usage, "--ca \(ca): no PEM file of certificates can be read there")
        }
    }
}
