import LoadGenerator
import NIOSSL
import Provisioner
import WAMP
import WAMPClient

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// `--mode append`: devices that store rows, each as the SDK would: by CALL, joined with the credential of its app.

extension BenchCommand {
    func appendLoad() throws -> (WAMPLoad, NIOSSLContext?) {
        guard let template else {
            throw CommandError(.usage, "--mode append needs --template, the app's data template")
        }
        let value = try TemplateFile.value(of: try TextFile.read(template), file: template)
        let variables =
            environment.isEmpty
            ? [Environment.variables] : try environment.map { Environment.variables(in: try TextFile.read($0)) }
        let installations = try variables.map { try Installation($0) }
        guard let first = installations.first, let table = VirtualDevice(template: value, name: "").tables.first else {
            throw CommandError(.failed, "\(template): it has no table to fill")
        }
        guard installations.allSatisfy({ $0.realm == first.realm }) else {
            throw CommandError(.usage, "--environment: the files have to be of one app and stage")
        }
        var load = WAMPLoad(endpoint: try url.map { try Self.endpoint($0) } ?? first.endpoint, realm: first.realm)
        load.serializer = try Self.serializer(serializer, "--serializer")
        load.authentications = installations.map(\.authentication)
        load.procedure = rows > 1 ? first.appendBulk(table.name) : first.append(table.name)
        let devices = installations.map { VirtualDevice(template: value, name: $0.deviceName) }
        let (rows, step, begin) = (rows, Int64(step), Self.milliseconds())
        // Sessions that share a device take turns, so that no two rows of it have the same time.
        let sharers = (peers + devices.count - 1) / devices.count
        load.makePayload = { caller, number in
            let device = devices[caller % devices.count]
            let turn = Int64(clamping: number) &* Int64(sharers) &+ Int64(caller / devices.count)
            let made = (0..<rows).map { row in
                device.row(of: table, at: begin &+ (turn &* Int64(rows) &+ Int64(row)) &* step) { 0 }
            }
            return Payload(rows > 1 ? [.list(made)] : made, installations[caller % installations.count].identity)
        }
        return (load, try first.tls())
    }

    /// Since 1970.
    private static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
