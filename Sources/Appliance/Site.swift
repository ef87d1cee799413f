import Listener
import NIOCore

/// How this server is reached from elsewhere.
struct Site: Sendable {
    /// A name or an address that is in the server's certificate.
    var host: String
    var port: Int

    /// `https://10.0.0.5:8443`
    var url: String { "https://\(authority)" }
    /// Where the vendor's SDK connects; it sets the path itself.
    var deviceEndpoint: String { "wss://\(authority)/" }

    private var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The operator's first name for it, or the address that it listens on, or this host's first address: devices on a
    /// factory's network can often not resolve a name.
    init(_ listener: ListenerConfiguration) {
        port = listener.port
        if case .issued(let names) = listener.certificate, let name = names.first(where: { !$0.hasPrefix("*") }) {
            host = name
        } else if let address = listener.address, address != "0.0.0.0", address != "::" {
            host = address
        } else {
            host = Self.firstAddress ?? "127.0.0.1"
        }
    }

    private static var firstAddress: String? {
        let devices = (try? System.enumerateDevices()) ?? []
        return devices.lazy.compactMap { $0.address }.first { address in
            guard case .v4 = address, let text = address.ipAddress else { return false }
            return !text.hasPrefix("127.") && !text.hasPrefix("169.254.")
        }?.ipAddress
    }
}
