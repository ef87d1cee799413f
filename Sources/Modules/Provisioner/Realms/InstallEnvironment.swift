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
    /// Where devices reach the one port.
    var host: String
    var port: Int
    /// The certificate authority's file, as the device has it.
    var certificateAuthority: String

    var value: Value {
        [
            "DEVICE_SERIAL_NUMBER": .string(device.serial),
            "SWARM_KEY": .string("\(app.swarmKey)"),
            "APP_KEY": .string("\(app.appKey)"),
            "DEVICE_KEY": .string("\(device.deviceKey)"),
            "APP_NAME": .string(app.name),
            "DEVICE_NAME": .string(device.name),
            "ENV": .string(stage.uppercased),
            "DEVICE_ENDPOINT_URL": .string("wss://\(bracketed):\(port)/ws-ua-usr"),
            "APP_AUTH_ID": .string(authid),
            "APP_AUTH_SECRET": .string(secret),
            "SSL_CERT_FILE": .string(certificateAuthority),
        ]
    }

    /// An IPv6 address stands in brackets in a URL.
    private var bracketed: String { host.contains(":") ? "[\(host)]" : host }
}
