import ArgumentParser
import ModuleKit
import WAMP

struct AlarmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alarm", abstract: "Alarms: which there are, and the rules that raise them.",
        subcommands: [List.self, Rule.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The alarms of an app that are not normal.")
        @OptionGroup var realm: AppRealmOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer { administration in
                try await administration.call("alarm.list", ["realm": realm.find(administration)])
            }
            output.print(result, columns: ["severity", "state", "rule", "device_key", "message"])
        }
    }

    struct Rule: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Rules: when a row is an alarm, and how bad it is.",
            subcommands: [Add.self, List.self, Remove.self])

        struct Add: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Put the rules of a file; a rule of the same name is replaced.")
            @Argument(help: "The rules, in YAML.", completion: .file(extensions: ["yml", "yaml"])) var file: String
            @OptionGroup var realm: AppRealmOptions
            @OptionGroup var output: OutputOptions
            @OptionGroup var server: ServerOptions

            func run() async throws {
                let text = try TextFile.argument(file, option: "FILE")
                let result = try await server.administer { administration in
                    try await administration.call(
                        "alarm.rule.add", ["realm": realm.find(administration), "rules": .string(text)])
                }
                output.print(result, columns: ["name", "table"])
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "All rules of an app.")
            @OptionGroup var realm: AppRealmOptions
            @OptionGroup var output: OutputOptions
            @OptionGroup var server: ServerOptions

            func run() async throws {
                let result = try await server.administer { administration in
                    try await administration.call("alarm.rule.list", ["realm": realm.find(administration)])
                }
                output.print(result, columns: ["name", "table", "enabled"])
            }
        }

        struct Remove: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Remove a rule; its alarms go with it.")
            @Argument(help: "The rule's name.") var name: String
            @OptionGroup var realm: AppRealmOptions
            @OptionGroup var server: ServerOptions

            func run() async throws {
                _ = try await server.administer { administration in
                    try await administration.call(
                        "alarm.rule.delete", ["realm": realm.find(administration), "name": .string(name)])
                }
            }
        }
    }
}

/// Which app's realm; what is left out may be anything, as long as one realm fits.
struct AppRealmOptions: ParsableArguments {
    @Option(help: "The project, by name or key; needed where there are several.") var project: String?
    @Option(help: "The app, by name or key; needed where there are several.") var app: String?
    @Option(help: "The app's stage; needed where there are both.") var stage: Stage?

    /// Asks the server for the one open realm that fits.
    func find(_ administration: Administration) async throws -> Value {
        let realms = try await administration.call("realm.list").list ?? []
        let fitting = realms.filter { realm in
            (project.map { Self.names(realm, "project", "swarm_key").contains($0) } ?? true)
                && (app.map { Self.names(realm, "app", "app_key").contains($0) } ?? true)
                && (stage.map { realm["stage"]?.string == $0.rawValue } ?? true)
        }
        guard let first = fitting.first?["realm"] else {
            throw CommandError(.failed, "no app realm fits; install the app on a device first (gantry app install)")
        }
        guard fitting.count == 1 else {
            let names = fitting.compactMap { $0["realm"]?.string }.sorted().joined(separator: ", ")
            throw CommandError(.usage, "several app realms fit (\(names)); say which with --project, --app, --stage")
        }
        return first
    }

    private static func names(_ realm: Value, _ name: String, _ key: String) -> [String] {
        [realm[name]?.string, realm[key]?.integer.map(String.init)].compactMap { $0 }
    }
}
