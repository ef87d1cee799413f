import ArgumentParser
import ModuleKit

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read gantry.yml as the server would, and name every mistake.",
        discussion: "Ends with 78 when the configuration is wrong, as the server would.")
    @OptionGroup var server: ServerOptions
    @Option(help: "The data directory, in place of data.directory.") var data: String?

    func run() throws {
        let configuration = try ApplianceConfiguration.read(server.config, [.data: data])
        for warning in configuration.warnings { StandardError.write("warning: \(warning)\n") }
        print("\(server.config): ok")
    }
}
