import ArgumentParser
import WAMP

/// What a person may do; docs/roles.md has the matrix.
enum PersonRole: String, CaseIterable, ExpressibleByArgument, Sendable {
    case viewer, `operator`, engineer, admin
}

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "People: who may sign in, and what they may do.",
        subcommands: [
            Add.self, List.self, Passwd.self, Role.self, Lock.self, Unlock.self, Remove.self,
        ])

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
            output.print(result, columns: ["name", "role", "swarm_key", "locked", "must_change_password"])
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

    struct Role: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change what an account may do; its sessions end.")
        @Argument(help: "The account's name.") var name: String
        @Argument(help: "What the person may do.") var role: PersonRole
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("user.set_role", ["name": .string(name), "role": .string(role.rawValue)])
            }
            output.print(result, columns: ["name", "role"])
        }
    }

    struct Lock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shut an account out; its sessions end.")
        @Argument(help: "The account's name.") var name: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("user.lock", ["name": .string(name)])
            }
            output.print(result, columns: ["name", "role"])
        }
    }

    struct Unlock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let an account in again, and forget its failed attempts.")
        @Argument(help: "The account's name.") var name: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("user.unlock", ["name": .string(name)])
            }
            output.print(result, columns: ["name", "role"])
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove an account; its sessions end.")
        @Argument(help: "The account's name.") var name: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("user.remove", ["name": .string(name)])
            }
            output.print(result, columns: ["name"])
        }
    }
}
