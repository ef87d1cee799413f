import ArgumentParser
import ModuleKit

extension ConfigurationTemplate.Example: ExpressibleByArgument {}

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write gantry.yml, the data directory, its keys and the certificate authority.",
        discussion: "Says what it made. What is there already is left as it is, so that a second run changes nothing.")
    @Option(help: "The directory for gantry.yml.", completion: .directory) var config: String
    @Option(help: "The directory for everything that Gantry stores.", completion: .directory) var data: String
    @Option(help: "A file with the first administrator's password; one is made up and shown when left out.")
    var adminPasswordFile: String?
    @Option(help: "Write a configuration to begin with.") var example: ConfigurationTemplate.Example?

    func run() async throws {
        let data = DataDirectory(path: data)
        let file = DataDirectory(path: config).path + "/gantry.yml"
        var made: [String] = []
        do {
            let directory = DataDirectory(path: config).path
            if try TextFile.createDirectory(directory, mode: 0o755) { made.append(directory) }
            let text = ConfigurationTemplate.configuration(data: data.path, example: example).text
            if try TextFile.create(file, text, mode: 0o644) {
                made.append(file)
            } else {
                print("kept     \(file)")
            }
        } catch {
            throw CommandError(.failed, "\(error)")
        }
        // From here on the file decides, also one that was there: init completes it, and never contradicts it.
        let configuration = try ApplianceConfiguration.read(file, [.adminPasswordFile: adminPasswordFile])
        do {
            made += try configuration.data.create(for: configuration.modules.map(\.id))
            for module in configuration.modules {
                let context = InitializationContext(
                    directory: configuration.data.directory(of: module.id), keysDirectory: configuration.data.keys)
                made += try await module.initialize(context)
            }
        } catch {
            throw CommandError(.failed, "\(error)")
        }
        for item in made { print(item.hasPrefix("/") ? "created  \(item)" : item) }
        print("next     gantry serve --config \(file)")
    }
}
