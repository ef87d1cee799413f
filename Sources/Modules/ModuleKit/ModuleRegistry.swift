// The list of modules, and how a list of types becomes a list of running things: configuration of all, then `init` of
// all, then `prepare` in order. Each step opens the `any Module.Type` once, so that a module's Configuration keeps its
// type all the way and nothing is ever cast.

/// The modules of the appliance, in the order in which they start; they end in the reverse order.
package struct ModuleRegistry: Sendable {
    private let modules: [any Module.Type]

    /// - Precondition: ids are unique, and what a module requires stands before it. The list is code, not input.
    package init(_ modules: [any Module.Type]) {
        var earlier: Set<ModuleID> = []
        for module in modules {
            precondition(module.requires.isSubset(of: earlier), "\(module.id) requires a module that stands after it")
            precondition(earlier.insert(module.id).inserted, "\(module.id) is in the registry twice")
        }
        self.modules = modules
    }

    package var ids: [ModuleID] { modules.map { $0.id } }

    /// Reads the switch and the configuration of every module, also of those that are off: a mistake does not wait
    /// until somebody switches its module on. What is wrong is noted in the settings' document.
    ///
    /// - Parameter settings: the outermost scope.
    /// - Returns: the modules that are on, in order. Incomplete when the document's `check()` throws.
    package func configure(from settings: Settings) -> [ConfiguredModule] {
        var enabled: Set<ModuleID> = []
        var configured: [ConfiguredModule] = []
        let switches = settings.scope("modules")
        for module in modules {
            let id = module.id
            let isEnabled = switches.scope(id.rawValue).bool("enabled", default: true)
            let result = Self.configure(module, from: settings.scope(id.rawValue))
            guard isEnabled else { continue }
            for missing in module.requires.subtracting(enabled).map(\.rawValue).sorted() {
                switches.scope(id.rawValue).refuse(
                    "enabled", "\(id) needs \(missing), which is switched off",
                    suggestion: "set modules.\(missing).enabled: true, or modules.\(id).enabled: false")
            }
            enabled.insert(id)
            if let result { configured.append(result) }
        }
        return configured
    }

    private static func configure<M: Module>(_ module: M.Type, from settings: Settings) -> ConfiguredModule? {
        do {
            let configuration = try module.configuration(from: settings)
            return ConfiguredModule(
                id: module.id,
                initialize: { context throws in try await module.initialize(configuration, context) },
                construct: { context throws in try module.init(configuration: configuration, context: context) })
        } catch {
            settings.document.record(error)
            return nil
        }
    }
}

/// A module that is switched on and whose part of gantry.yml is right.
package struct ConfiguredModule: Sendable {
    package let id: ModuleID
    /// Makes the files that the module needs before its first start; see `Module.initialize`.
    package let initialize: @Sendable (InitializationContext) async throws -> [String]
    /// Makes the module. No side effect beyond allocation.
    package let construct: @Sendable (ModuleContext) throws -> any Module
}
