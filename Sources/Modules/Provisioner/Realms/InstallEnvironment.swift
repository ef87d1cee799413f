// What an SDK needs to know to connect from a device: exactly the variables that it reads, nothing else. The command
// line prints them ready to source.

import ModuleKit
import WAMP

/// The environment of one app on one device.
struct InstallEnvironment: Sendable, Hashable {
    var app: App
    var device: Device
    var stage: Stage
    var authid: String
    var secret: String
    var endpoint: DeviceEndpoint

    var value: Value {
        [
            "DEVICE_SERIAL_NUMBER": .string(device.serial),
            "SWARM_KEY": .string("\(app.swarmKey)"),
            "APP_KEY": .string("\(app.appKey)"),
            "DEVICE_KEY": .string("\(device.deviceKey)"),
            "APP_NAME": .string(app.name),
            "DEVICE_NAME": .string(device.name),
            "ENV": .string(stage.uppercased),
            "DEVICE_ENDPOINT_URL": .string(endpoint.url),
            "APP_AUTH_ID": .string(authid),
            "APP_AUTH_SECRET": .string(secret),
            "SSL_CERT_FILE": .string(endpoint.certificateAuthority),
        ]
    }
}

/// Where devices reach this server, as `gantry.status` says it: the executable alone knows its port and its names.
struct DeviceEndpoint: Sendable, Hashable {
    /// `wss://<host>:<port>/ws-ua-usr`, the vendor's path for apps.
    var url: String
    /// The certificate authority's file.
    var certificateAuthority: String

    /// Nil when the status says nothing of the kind.
    init?(status: Value) {
        guard let base = status["device_endpoint_url"]?.string, let file = status["ca_file"]?.string else { return nil }
        url = base.hasSuffix("/") ? base + "ws-ua-usr" : base
        certificateAuthority = file
    }
}
