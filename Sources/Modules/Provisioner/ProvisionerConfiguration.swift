package import ModuleKit

/// The module's part of gantry.yml, and what it has to know of the listener's.
package struct ProvisionerConfiguration: Sendable, Hashable {
    /// The host that devices dial; nil is this host's first address, looked up whenever an environment is printed.
    package var endpointHost: String?
    package var port: Int
    /// The certificate authority's file as devices have it; nil is where it is on this host.
    package var certificateAuthorityFile: String?

    package init(endpointHost: String? = nil, port: Int = 8443, certificateAuthorityFile: String? = nil) {
        self.endpointHost = endpointHost
        self.port = port
        self.certificateAuthorityFile = certificateAuthorityFile
    }

    package init(_ settings: Settings) {
        let listener = settings.root.scope("listener")
        self.init(port: listener.integer("port", default: 8443, in: 1...65535))
        endpointHost = settings.string("endpoint_host")
        certificateAuthorityFile = settings.string("ca_file")
    }
}
