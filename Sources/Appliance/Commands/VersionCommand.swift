import ArgumentParser
import WAMP

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "What this executable is.")
    @OptionGroup var output: OutputOptions

    func run() {
        let version = Version.current
        switch output.output {
        case .table: print("gantry \(version.text) (\(version.compiler))")
        case .json, .env: output.print(["version": .string(version.text), "compiler": .string(version.compiler)])
        }
    }
}
