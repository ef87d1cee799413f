import ArgumentParser
import Logging
import ModuleKit

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server, in the foreground.",
        discussion: "Logs go to standard error. SIGTERM and SIGINT end it gracefully.")
    @OptionGroup var server: ServerOptions
    @Option(help: "The data directory, in place of data.directory.", completion: .directory) var data: String?

    func run() async throws {
        let configuration = try ApplianceConfiguration.read(server.config, [.data: data])
        let environment = Environment.variables
        let style = LineLogHandler.Style.detect(environment: environment)
        let level = configuration.logLevel
        LoggingSystem.bootstrap { LineLogHandler(label: $0, style: style, logLevel: level) }
        let logger = Logger(label: "gantry")
        for warning in configuration.warnings {
            logger.warning("odd configuration", metadata: .facts([.reason: "\(warning)"]))
        }
        do {
            try await Boot(configuration: configuration, environment: environment, logger: logger).run()
        } catch let error as CommandError {
            throw error
        } catch let error as DataDirectoryError {
            if case .inUse = error.reason { throw CommandError(.conflict, "\(error)") }
            throw CommandError(.failed, "\(error)")
        } catch {
            throw CommandError(.failed, "\(error)")
        }
    }
}
