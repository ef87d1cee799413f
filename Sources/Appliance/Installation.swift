import ModuleKit
import NIOSSL
import WAMP
import WAMPClient

/// An app on a device, as the SDK's environment describes it.
struct Installation: Sendable {
    let realm: String
    let deviceName: String
    let identity: [String: Value]
    private let swarmKey: String
    private let appKey: String
    private let deviceKey: String
    private let stage: String
    let endpoint: ClientEndpoint
    let authentication: ClientAuthentication
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
    func appendBulk(_ table: String) -> String { "appendBulk.\(swarmKey).\(appKey).\(table)" }
    func function(_ name: String) -> String { "\(swarmKey).\(deviceKey).\(appKey).\(stage).\(name)" }

    /// Trusts whom the installation trusts.
    func tls() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let certificateAuthority { configuration.trustRoots = .file(certificateAuthority) }
        return try NIOSSLContext(configuration: configuration)
    }

    func connect() async throws -> Client {
        try await Client.connect(to: endpoint, realm: realm, authentication: authentication, tls: try tls())
    }
}

extension Environment {
    /// Reads what `-o env` wrote.
    static func variables(in text: String) -> [String: String] {
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
