import ArgumentParser
import ModuleKit
import Provisioner
import WAMP
import WAMPClient

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A virtual device: for a first look, for a demonstration, and for a load that looks like a hall.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Be a device: append rows to an app's tables, answer a function.",
        discussion: """
            Connects as the SDK does, by the environment that `gantry app install … -o env` prints: source it first, \
            or name its file with --environment. Reconnects until it is ended.
            """)

    @Option(help: "The app's data template.", completion: .file()) var template: String
    @Option(help: "A file of KEY=value lines; the process's own environment when left out.", completion: .file())
    var environment: String?
    @Option(help: "Seconds between two rows of a table.") var interval = 1.0
    @Option(help: "End after so many rows of each table; never when left out.") var count: Int?

    func validate() throws {
        guard interval > 0 else { throw ValidationError("--interval must be above 0") }
    }

    func run() async throws {
        let template = try TemplateFile.value(of: try TextFile.read(self.template), file: self.template)
        let variables =
            try environment.map { try Environment.variables(in: TextFile.read($0)) } ?? Environment.variables
        let installation = try Installation(variables)
        let device = VirtualDevice(template: template, name: installation.deviceName)
        guard !device.tables.isEmpty else { throw CommandError(.failed, "\(self.template): it has no table to fill") }
        var written = 0
        while count.map({ written < $0 }) ?? true {
            do {
                let client = try await installation.connect()
                StandardError.write("connected to \(installation.realm)\n")
                try await stream(device, installation, client, &written)
            } catch let error as WAMPError {
                StandardError.write("\(error.sentence ?? error.uri.rawValue); trying again\n")
                try await Task.sleep(for: .seconds(2))
            }
        }
    }

    private func stream(
        _ device: VirtualDevice, _ installation: Installation, _ client: Client, _ written: inout Int
    ) async throws {
        _ = try await client.register(installation.function("blink"), options: Self.replacing) { invocation in
            StandardError.write("blink\n")
            invocation.yield(Payload([.dictionary(["blinked": true, "device": .string(installation.deviceName)])]))
        }
        while count.map({ written < $0 }) ?? true {
            let now = Self.milliseconds()
            for table in device.tables {
                let row = device.row(of: table, at: now) { .random(in: -1...1) }
                _ = try await client.call(installation.append(table.name), Payload([row], installation.identity))
            }
            written += 1
            try await Task.sleep(for: .seconds(interval))
        }
        await client.leave(reason: .normalClose)
    }

    /// A device that comes back takes its function from the session it lost.
    private static let replacing: RegisterOptions = {
        var options = RegisterOptions()
        options.forceReregister = true
        return options
    }()

    /// Since 1970.
    private static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
