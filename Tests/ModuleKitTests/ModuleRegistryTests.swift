import Testing

@testable import ModuleKit

struct ModuleRegistryTests {
    private static let registry = ModuleRegistry([Boiler.self, Turbine.self])

    private static func configure(_ text: String) throws -> [ConfiguredModule] {
        let document = ConfigurationDocument(text: text, file: "g.yml")
        let modules = registry.configure(from: document.settings)
        try document.check()
        return modules
    }

    @Test func `every module is on unless it is switched off`() throws {
        #expect(try Self.configure("").map(\.id) == ["boiler", "turbine"])
        #expect(try Self.configure("modules: {turbine: {enabled: false}}").map(\.id) == ["boiler"])
    }

    @Test func `a module gets its own scope, and keeps the type of its configuration`() async throws {
        let modules = try Self.configure("boiler: {pressure: 7}")
        let context = InitializationContext(directory: "/nowhere", keysDirectory: "/nowhere/keys")
        #expect(try await modules[0].initialize(context) == ["a boiler for 7 bar in /nowhere"])
        #expect(try await modules[1].initialize(context) == [], "nothing to make unless a module says so")
    }

    @Test func `a required module must be on`() {
        let error = #expect(throws: ConfigurationErrors.self) {
            try Self.configure("modules:\n  boiler:\n    enabled: false\n")
        }
        #expect(
            error?.all.map(\.description) == [
                "g.yml:1:1: modules.turbine.enabled: turbine needs boiler, which is switched off"
                    + "; set modules.boiler.enabled: true, or modules.turbine.enabled: false"
            ])
    }

    @Test func `a module that is off is checked all the same`() {
        let error = #expect(throws: ConfigurationErrors.self) {
            try Self.configure("modules: {turbine: {enabled: false}}\nturbine: {speed: fast}\n")
        }
        #expect(error?.all.map(\.key) == ["turbine.speed"])
    }

    @Test func `a missing required key and an unknown switch are both reported`() {
        let error = #expect(throws: ConfigurationErrors.self) {
            try Self.configure("modules: {boilr: {enabled: true}}\nboiler: {pressure: 99}\n")
        }
        #expect(error?.all.map(\.key) == ["modules.boilr", "boiler.pressure"])
    }
}

private struct Boiler: Module {
    struct Configuration: Sendable { var pressure: Int }

    static let id: ModuleID = "boiler"

    static func configuration(from settings: Settings) throws(ConfigurationError) -> Configuration {
        guard settings.isSet("pressure") else { return Configuration(pressure: 5) }
        return Configuration(pressure: try settings.integer(required: "pressure", in: 1...10))
    }

    static func initialize(
        _ configuration: Configuration, _ context: InitializationContext
    ) async throws -> [String] {
        ["a boiler for \(configuration.pressure) bar in \(context.directory)"]
    }

    init(configuration: Configuration, context: ModuleContext) throws {}
}

private struct Turbine: Module {
    static let id: ModuleID = "turbine"
    static let requires: Set<ModuleID> = ["boiler"]

    static func configuration(from settings: Settings) throws(ConfigurationError) -> Int {
        settings.integer("speed", default: 3000, in: 0...3600)
    }

    init(configuration: Int, context: ModuleContext) throws {}
}
