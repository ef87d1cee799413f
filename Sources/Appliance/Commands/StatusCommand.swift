import ArgumentParser
import WAMP

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Whether the server answers, and how it is.")
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let result = try await server.administer { try await $0.call("status") }
        output.print(result, columns: ["version", "url", "modules"])
    }
}
