// The load of `gantry bench` on other kinds of server, so that a comparison has one generator on both sides: NATS, and
// MQTT with QoS 0 or, acknowledged, 1. Prints one line of JSON.
//
//     PeerLoad nats://127.0.0.1:4222 --mode fanout --peers 100 --depth 32 --size 256 --pid 1234
//
// Its options are those of `gantry bench` that mean something here.

import ArgumentParser
import LoadGenerator
import NIOCore
import NIOPosix
import WAMP
import WAMPClient

@main
struct PeerLoad: AsyncParsableCommand {
    enum Mode: String, CaseIterable, ExpressibleByArgument { case rpc, fanout, fanin, ack, sparse, join, idle }

    @Argument var url: String
    @Option var mode = Mode.fanout
    @Option var peers = 8
    @Option var depth = 16
    @Option var size = 16
    @Option var rate = 1000.0
    @Option var duration = 2.0
    @Option var windows = 1
    @Option var warmUp = 0.5
    @Option var pid: Int?

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try pid.map { try ProcessMeter(process: $0) }
        let parts = url.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let endpoint = ClientEndpoint("rs:\(parts[1])") else {
            throw ValidationError("\(url): expected nats://host:port or mqtt://host:port")
        }
        var plan = plan
        plan.windowCount = windows
        plan.window = .milliseconds(Int64(duration * 1000))
        plan.warmUp = .milliseconds(Int64(warmUp * 1000))
        let (isNATS, acknowledges, size) = (parts[0] == "nats", mode == .ack, size)
        let run = LoadRun(plan, to: endpoint, on: group.next()) { role -> any LoadCodec in
            if isNATS { return NATSCodec(role, payloadBytes: size) }
            return MQTTCodec(role, acknowledges, payloadBytes: size)
        }
        let report =
            mode == .join
            ? try await run.measureSessions(atOnce: peers, server: server) : try await run.measure(server: server)
        print(String(decoding: report.value.encoded(.json), as: UTF8.self))
    }

    private var plan: LoadPlan {
        switch mode {
        case .rpc: LoadPlan(.calls(depth: depth), roles: LoadRole.make(.callee, 1) + LoadRole.make(.caller, peers))
        case .fanout, .sparse: fanOut
        case .fanin:
            LoadPlan(
                .publications(window: depth), roles: LoadRole.make(.subscriber, 1) + LoadRole.make(.publisher, peers))
        case .ack: LoadPlan(.acknowledged(depth: depth), roles: LoadRole.make(.publisher, peers))
        case .join: LoadPlan(.none, roles: [])
        case .idle: LoadPlan(.none, roles: LoadRole.make(.idle, peers))
        }
    }

    private var fanOut: LoadPlan {
        var plan = LoadPlan(
            mode == .sparse ? .scheduled(perSecond: rate) : .publications(window: depth),
            roles: LoadRole.make(.subscriber, peers) + LoadRole.make(.publisher, 1))
        plan.deliveriesPerPublication = peers
        return plan
    }
}
