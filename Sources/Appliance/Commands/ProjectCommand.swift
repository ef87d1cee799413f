import ArgumentParser
import WAMP

struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "Projects: whose devices and apps belong together.",
        subcommands: [Add.self, List.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a project.")
        @Argument(help: "The project's name.") var name: String
        @Option(help: "The project's number, SWARM_KEY; the next free one when left out.") var key: Int64?
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("project.add", ["name": .string(name), "key": key.map(Value.integer)])
            }
            output.print(result, columns: ["swarm_key", "name"])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All projects.")
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer { try await $0.call("project.list") }
            output.print(result, columns: ["swarm_key", "name", "apps", "devices"])
        }
    }
}
