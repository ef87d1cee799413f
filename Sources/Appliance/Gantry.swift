// The executable. Reading order for a newcomer: Registry.swift (what the product is made of), Boot.swift (how it
// starts and ends), then Commands/.

import ArgumentParser
import ModuleKit

@main
struct Gantry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gantry",
        abstract: "One server for a factory's devices, services and people: WAMP router, tables, alarms, web pages.",
        version: Version.current.text,
        subcommands: [
            InitCommand.self, ServeCommand.self, CheckCommand.self, StatusCommand.self, ProjectCommand.self,
            AppCommand.self, DeviceCommand.self, UserCommand.self, SecretCommand.self, AlarmCommand.self,
            SimulateCommand.self,
            BenchCommand.self,
            VersionCommand.self,
        ])

    /// ArgumentParser's own `main` ends with 64 for a wrong command line; scripts were promised 2.
    static func main() async {
        do {
            var command = try await asyncParseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as CommandError {
            StandardError.write("\(error)\n")
            error.status.end()
        } catch let error as ConfigurationErrors {
            StandardError.write("\(error)\n")
            ExitStatus.configuration.end()
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess {
                if !text.isEmpty { print(text) }
                ExitStatus.ok.end()
            }
            StandardError.write(text + "\n")
            (code == .validationFailure ? ExitStatus.usage : .failed).end()
        }
    }
}
