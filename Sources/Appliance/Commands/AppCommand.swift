import ArgumentParser
import ModuleKit
import WAMP

extension Stage: ExpressibleByArgument {}

struct AppCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app", abstract: "Apps: a data template, and where it is installed.",
        subcommands: [
            Add.self, List.self, Template.self, Install.self, Environment.self, Uninstall.self, Rotate.self,
        ])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an app of a project.")
        @Argument(help: "The project, by name or key.") var project: String
        @Argument(help: "The app's name.") var name: String
        @Option(help: "The app's data-template.yml.", completion: .file(extensions: ["yml", "yaml"]))
        var template: String
        @Option(help: "The app's number, APP_KEY; the next free one when left out.") var key: Int64?
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let text = try TextFile.argument(template, option: "--template")
            let result = try await server.administer {
                try await $0.call(
                    "app.add",
                    [
                        "project": .string(project), "name": .string(name), "template": .string(text),
                        "key": key.map(Value.integer),
                    ])
            }
            output.print(result, columns: ["app_key", "swarm_key", "name"])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All apps, or those of one project.")
        @Argument(help: "The project, by name or key.") var project: String?
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("app.list", ["project": project.map(Value.string)])
            }
            output.print(result, columns: ["swarm_key", "project", "app_key", "name", "tables"])
        }
    }

    struct Install: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Install an app on a device, and print the environment that its SDK needs.",
            discussion: "A second time prints the same environment again, until `gantry app rotate`.")
        @OptionGroup var install: AppOnDevice
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("app.install", install.keywords)
            }
            output.print(result)
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give an app's installs new secrets; the old ones work a little longer.")
        @Argument(help: "The project, by name or key.") var project: String
        @Argument(help: "The app, by name or key.") var app: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("app.rotate", ["project": .string(project), "app": .string(app)])
            }
            output.print(result)
        }
    }

    struct Environment: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the environment of an install again.")
        @OptionGroup var install: AppOnDevice
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("app.environment", install.keywords)
            }
            output.print(result)
        }
    }

    struct Uninstall: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove an app from a device. Its rows stay.")
        @OptionGroup var install: AppOnDevice
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("app.uninstall", install.keywords)
            }
            output.print(result)
        }
    }

    struct Template: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show an app's data template, or put another one in its place.")
        @Argument(help: "The project, by name or key.") var project: String
        @Argument(help: "The app, by name or key.") var app: String
        @Option(help: "The new data-template.yml; the present one is shown when left out.") var template: String?
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let text = try template.map { try TextFile.argument($0, option: "--template") }
            let result = try await server.administer {
                try await $0.call(
                    "app.template",
                    ["project": .string(project), "app": .string(app), "template": text.map(Value.string)])
            }
            output.print(result)
        }
    }
}

/// An app on a device in one of its stages: what install, uninstall and environment are about.
struct AppOnDevice: ParsableArguments {
    @Argument(help: "The project, by name or key.") var project: String
    @Argument(help: "The app, by name or key.") var app: String
    @Argument(help: "The device, by name, key or serial number.") var device: String
    @Option(help: "The app's stage.") var stage: Stage

    /// The procedures' keyword arguments.
    var keywords: [String: Value?] {
        [
            "project": .string(project), "app": .string(app), "device": .string(device),
            "stage": .string(stage.rawValue),
        ]
    }
}
