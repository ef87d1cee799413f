import ArgumentParser
import WAMP

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Devices: who they are, and whether they are connected.",
        subcommands: [Add.self, List.self])

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
            output.print(result, columns: ["swarm_key", "device_key", "name", "serial", "connected"])
        }
    }
}
