import ArgumentParser
import Listener
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
        do {
            try await initialize()
        } catch let error where !(error is CommandError || error is ConfigurationErrors) {
            throw CommandError(.failed, "\(error)")
        }
    }

    private func initialize() async throws {
        let directory = DataDirectory(path: config).path
        let file = directory + "/gantry.yml"
        var made: [String] = []
        if try TextFile.createDirectory(directory, mode: 0o755) { made.append(directory) }
        let template = ConfigurationTemplate.configuration(data: DataDirectory(path: data).path, example: example)
        if try TextFile.create(file, template.text, mode: 0o644) {
            made.append(file)
        } else {
            print("kept     \(file)")
        }
        // From here on the file decides, also one that was there: init completes it, and never contradicts it.
        let configuration = try ApplianceConfiguration.read(file, [.adminPasswordFile: adminPasswordFile])
        made += try configuration.data.create(for: configuration.modules.map(\.id))
        made += try certificates(configuration, directory)
        for module in configuration.modules {
            let context = InitializationContext(
                directory: configuration.data.directory(of: module.id), keysDirectory: configuration.data.keys)
            made += try await module.initialize(context)
        }
        for item in made { print(item.hasPrefix("/") ? "created  \(item)" : item) }
        print("next     gantry serve --config \(file)")
    }

    /// The authority, the server's certificate, and a copy of the authority's that others may read.
    private func certificates(_ configuration: ApplianceConfiguration, _ directory: String) throws -> [String] {
        guard case .issued(let names) = configuration.listener.certificate else { return [] }
        let keys = configuration.data.keys
        let path = CertificateAuthority.certificatePath(in: keys)
        let isNew = (try? TextFile.read(path)) == nil
        let authority = try CertificateAuthority(directory: keys)
        var made = isNew ? [path] : []
        if try authority.serverCertificate(names: names).isNew { made.append("certificate for this host's names") }
        let copy = directory + "/" + ServerTLS.publishedName
        if try TextFile.create(copy, try authority.pem, mode: 0o644) { made.append(copy) }
        if isNew { made.append("fingerprint: \(try authority.fingerprint)") }
        return made
    }
}
