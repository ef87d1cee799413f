import ArgumentParser
import ModuleKit
import WAMP

struct AlarmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alarm", abstract: "Alarms: which rules there are.", subcommands: [Rule.self])

    struct Rule: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rule", abstract: "Rules: when a row is an alarm, and how bad it is.",
            subcommands: [Add.self, List.self])
    }

    /// Of which app; may be left out while there is only one.
    struct RealmOptions: ParsableArguments {
        @Option(help: "The project, by name or key.") var project: String?
        @Option(help: "The app, by name or key.") var app: String?
        @Option(help: "The app's stage.") var stage: Stage = .prod

        var arguments: [String: Value?] {
            ["project": project.map(Value.string), "app": app.map(Value.string), "stage": .string(stage.rawValue)]
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put the rules of a file; a rule of the same name is replaced.")
        @Argument(help: "The rules, in YAML.", completion: .file(extensions: ["yml", "yaml"])) var file: String
        @OptionGroup var realm: RealmOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let text = try TextFile.argument(file, option: "FILE")
            let result = try await server.administer {
                try await $0.call("alarm.rule.add", realm.arguments.merging(["rules": .string(text)]) { $1 })
            }
            output.print(result, columns: ["name", "table"])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All rules of an app.")
        @OptionGroup var realm: RealmOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer { try await $0.call("alarm.rule.list", realm.arguments) }
            output.print(result, columns: ["name", "table", "enabled"])
        }
    }
}
