import ArgumentParser
import WAMP

/// What a person may do; docs/roles.md has the matrix.
enum PersonRole: String, CaseIterable, ExpressibleByArgument, Sendable {
    case viewer, `operator`, engineer, admin
}

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "People: who may sign in, and what they may do.",
        subcommands: [Add.self, List.self, Passwd.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an account.")
        @Argument(help: "The name to sign in with.") var name: String
        @Option(help: "What the person may do.") var role: PersonRole
        @Option(help: "The one project that the account is for; all of them when left out.") var project: String?
        @Option(help: "A file whose first line is the password; - is standard input. Asked for when left out.")
        var passwordFile: String?
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let password = try Password.new(for: name, file: passwordFile)
            let result = try await server.administer {
                try await $0.call(
                    "user.add",
                    [
                        "name": .string(name), "role": .string(role.rawValue), "project": project.map(Value.string),
                        "password": .string(password),
                    ])
            }
            output.print(result, columns: ["name", "role"])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All accounts.")
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer { try await $0.call("user.list") }
            output.print(result, columns: ["name", "role", "swarm_key"])
        }
    }

    struct Passwd: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give an account another password.")
        @Argument(help: "The account's name.") var name: String
        @Option(help: "A file whose first line is the password; - is standard input. Asked for when left out.")
        var passwordFile: String?
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let password = try Password.new(for: name, file: passwordFile)
            _ = try await server.administer {
                try await $0.call("user.set_password", ["name": .string(name), "password": .string(password)])
            }
        }
    }
}
