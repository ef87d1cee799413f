package import Logging
package import ServiceLifecycle

/// One feature of the appliance: a folder, a target, a flag.
///
/// Life: `configuration(from:)` for all modules, then `init` for all, then `prepare()` in the order of the
/// registry, then the services run. A module that is switched off is never constructed: no port, no thread, no file.
package protocol Module: Sendable {
    associatedtype Configuration: Sendable

    static var id: ModuleID { get }
    /// Modules that must be enabled and stand earlier in the registry.
    static var requires: Set<ModuleID> { get }

    /// Reads and checks this module's part of gantry.yml. Pure: `gantry check` runs exactly this.
    static func configuration(from settings: Settings) throws(ConfigurationError) -> Configuration

    /// What `gantry init` makes for the module before the first start (a key, an account), without a running server.
    /// Changes nothing that is there. Answers with one line for each thing it made, to be shown to the operator.
    static func initialize(_ configuration: Configuration, _ context: InitializationContext) async throws -> [String]

    /// No side effect beyond allocation.
    init(configuration: Configuration, context: ModuleContext) throws

    /// Opens, migrates, loads, joins. May fail, and must be safe to fail half-way.
    func prepare() async throws

    /// What runs until shutdown; ends in the reverse order of the registry.
    var services: [any Service] { get }
}

extension Module {
    package static var requires: Set<ModuleID> { [] }
    package static func initialize(
        _ configuration: Configuration, _ context: InitializationContext
    ) async throws -> [String] { [] }
    package func prepare() async throws {}
    package var services: [any Service] { [] }
}

/// Where `gantry init` lets a module make its files; the directories are there.
package struct InitializationContext: Sendable {
    /// `<data>/<module id>/`.
    package var directory: String
    /// `<data>/keys/`.
    package var keysDirectory: String

    package init(directory: String, keysDirectory: String) {
        self.directory = directory
        self.keysDirectory = keysDirectory
    }
}

/// What a module is given: its own room, and the ports through which modules meet.
package struct ModuleContext: Sendable {
    /// `<data>/<module id>/`, created with mode 0700.
    package var directory: String
    /// `<data>/keys/`, mode 0700; each key file belongs to the one module that its name says.
    package var keysDirectory: String
    package var logger: Logger
    package var realms: any RealmHost
    package var http: any HTTPRoutes
    /// Where Credentials puts itself, and the router looks.
    package var authenticators: AuthenticatorRegistry
    /// Who counts failed attempts, for every transport and realm together.
    package var attempts: any AttemptJudging

    package init(
        directory: String, keysDirectory: String, logger: Logger, realms: any RealmHost, http: any HTTPRoutes,
        authenticators: AuthenticatorRegistry, attempts: any AttemptJudging
    ) {
        self.directory = directory
        self.keysDirectory = keysDirectory
        self.logger = logger
        self.realms = realms
        self.http = http
        self.authenticators = authenticators
        self.attempts = attempts
    }
}
