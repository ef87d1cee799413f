import ArgumentParser
import WAMP

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Devices: who they are, and whether they are connected.",
        subcommands: [Add.self, List.self, Disable.self, Enable.self, Rotate.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a device of a project. Its secret is shown this once.")
        @Argument(help: "The project, by name or key.") var project: String
        @Argument(help: "The device's name.") var name: String
        @Option(help: "The device's serial number; a random one when left out.") var serial: String?
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call(
                    "device.add",
                    [
                        "project": .string(project), "name": .string(name), "serial": serial.map(Value.string),
                    ])
            }
            output.print(result, columns: ["device_key", "serial", "secret"])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All devices, or those of one project.")
        @Argument(help: "The project, by name or key.") var project: String?
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("device.list", ["project": project.map(Value.string)])
            }
            output.print(
                result,
                columns: [
                    "swarm_key", "device_key", "name", "serial", "connected", "address", "realms", "disabled",
                ])
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shut a device out: its sessions end, and it cannot join.")
        @Argument(help: "The device, by name, key or serial number.") var device: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("device.disable", ["device": .string(device)])
            }
            output.print(result)
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a device in again.")
        @Argument(help: "The device, by name, key or serial number.") var device: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("device.enable", ["device": .string(device)])
            }
            output.print(result)
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a device another secret, which is shown this once.")
        @Argument(help: "The device, by name, key or serial number.") var device: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("device.rotate", ["device": .string(device)])
            }
            output.print(result, columns: ["device_key", "serial", "secret"])
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a device, its secret and its installs. Its rows stay.")
        @Argument(help: "The device, by name, key or serial number.") var device: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let result = try await server.administer {
                try await $0.call("device.remove", ["device": .string(device)])
            }
            output.print(result)
        }
    }
}
