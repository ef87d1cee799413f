import ArgumentParser
import ModuleKit
import NIOSSL
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
        let variables = try environment.map { try Self.variables(in: TextFile.read($0)) } ?? Environment.variables
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

    /// Reads what `-o env` wrote.
    private static func variables(in text: String) -> [String: String] {
        var variables: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            var value = line[line.index(after: equals)...]
            if value.hasPrefix("'"), value.hasSuffix("'"), value.count >= 2 { value = value.dropFirst().dropLast() }
            variables[String(line[..<equals])] = String(value)
        }
        return variables
    }
}

/// An app on a device, as the SDK's environment describes it.
private struct Installation: Sendable {
    let realm: String
    let deviceName: String
    let identity: [String: Value]
    private let swarmKey: String
    private let appKey: String
    private let deviceKey: String
    private let stage: String
    private let endpoint: ClientEndpoint
    private let authentication: ClientAuthentication
    private let certificateAuthority: String?

    init(_ variables: [String: String]) throws {
        func value(_ key: String) throws -> String {
            guard let value = variables[key], !value.isEmpty else {
                throw CommandError(
                    .usage, "\(key) is not set: source what `gantry app install PROJECT APP DEVICE -o env` prints")
            }
            return value
        }
        swarmKey = try value("SWARM_KEY")
        appKey = try value("APP_KEY")
        deviceKey = try value("DEVICE_KEY")
        stage = try value("ENV").uppercased() == "PROD" ? "PROD" : "DEV"
        realm = "realm-\(swarmKey)-\(appKey)-\(stage.lowercased())"
        deviceName = variables["DEVICE_NAME"] ?? "device-\(deviceKey)"
        let serial = try value("DEVICE_SERIAL_NUMBER")
        identity = [
            "DEVICE_SERIAL_NUMBER": .string(serial), "DEVICE_KEY": .string(deviceKey),
            "DEVICE_NAME": .string(deviceName),
        ]
        let url = try value("DEVICE_ENDPOINT_URL")
        guard let endpoint = ClientEndpoint(url) else {
            throw CommandError(.usage, "DEVICE_ENDPOINT_URL: expected wss://host:port/path, found \(url)")
        }
        self.endpoint = endpoint
        authentication = .wampcra(
            authid: variables["APP_AUTH_ID"] ?? serial, secret: variables["APP_AUTH_SECRET"] ?? serial)
        certificateAuthority = variables["SSL_CERT_FILE"]
    }

    func append(_ table: String) -> String { "append.\(swarmKey).\(appKey).\(table)" }
    func function(_ name: String) -> String { "\(swarmKey).\(deviceKey).\(appKey).\(stage).\(name)" }

    func connect() async throws -> Client {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let certificateAuthority { configuration.trustRoots = .file(certificateAuthority) }
        return try await Client.connect(
            to: endpoint, realm: realm, authentication: authentication,
            tls: try NIOSSLContext(configuration: configuration))
    }
}
