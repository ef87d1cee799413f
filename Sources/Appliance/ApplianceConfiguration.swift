// gantry.yml as a whole: who reads which part of it, and how a file on disk becomes typed values or a list of errors.

import Authentication
import Listener
import Logging
import ModuleKit
import Router

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Everything that gantry.yml, the environment and the flags say.
struct ApplianceConfiguration: Sendable {
    /// Where gantry.yml is, absolute.
    var directory: String
    var data: DataDirectory
    var logLevel: Logger.Level
    var listener: ListenerConfiguration
    var router: RouterConfiguration
    var attempts: AttemptPolicy
    /// The modules that are on, in the order of the registry.
    var modules: [ConfiguredModule]
    /// What is odd but no error: environment variables that no setting answers to.
    var warnings: [ConfigurationError]

    static let defaultPath = "/etc/gantry/gantry.yml"

    /// Reads a text. Pure.
    ///
    /// - Throws: everything that is wrong with it.
    init(_ document: ConfigurationDocument) throws(ConfigurationErrors) {
        let settings = document.settings
        let slash = document.file.lastIndex(of: "/")
        directory = DataDirectory(path: slash.map { String(document.file[...$0]) } ?? ".").path
        data = DataDirectory(path: Self.directory(settings))
        logLevel = settings.scope("log").enumeration("level", default: Logger.Level.info)
        listener = ListenerConfiguration.configuration(from: settings)
        router = RouterConfiguration(from: settings)
        attempts = AttemptPolicy(from: settings.scope("credentials"))
        modules = Registry.modules.configure(from: settings)
        try document.check()
        warnings = document.unknownVariables
    }

    private static func directory(_ settings: Settings) -> String {
        settings.scope("data").string("directory", default: "/var/lib/gantry")
    }
}

extension ApplianceConfiguration {
    /// Reads the file that every command's `--config` names.
    ///
    /// - Parameter flags: what other flags of the command line say; nil values are left out.
    static func read(_ path: String, _ flags: KeyValuePairs<Flag, String?> = [:]) throws -> ApplianceConfiguration {
        let document = try document(
            path,
            flags.compactMap { flag, value in
                value.map { ConfigurationDocument.Flag(key: flag.key, name: flag.rawValue, value: $0) }
            })
        return try ApplianceConfiguration(document)
    }

    /// Flags that stand for a setting.
    enum Flag: String {
        case data = "--data"
        case adminPasswordFile = "--admin-password-file"

        var key: String {
            switch self {
            case .data: "data.directory"
            case .adminPasswordFile: "credentials.admin_password_file"
            }
        }
    }

    /// Where the server listens for the command line. Looks at this one setting only: a mistake elsewhere in the file
    /// is the server's business.
    static func unixSocket(_ path: String) throws -> String {
        let document = try document(path, deniedAs: .denied)
        guard let socket = ListenerConfiguration.configuration(from: document.settings).unixSocket else {
            throw CommandError(
                .usage, "\(path): listener.unix_socket is not set, so that no command reaches the server")
        }
        return socket
    }

    /// - Parameter denied: what it is when the file may not be read: for the server its configuration is wrong, for a
    ///   command it is run by somebody else than it should be.
    private static func document(
        _ path: String, _ flags: [ConfigurationDocument.Flag] = [], deniedAs denied: ExitStatus = .configuration
    ) throws -> ConfigurationDocument {
        do {
            return ConfigurationDocument(
                text: try TextFile.read(path), file: path, environment: Environment.variables, flags: flags)
        } catch {
            let hint = error.isMissing ? "; make one with: gantry init --config DIR --data DIR" : ""
            guard !error.isDenied else { throw CommandError(denied, "\(error): \(CommandError.whoMay)") }
            throw CommandError(.configuration, "\(error)\(hint)")
        }
    }
}

/// The process's environment.
enum Environment {
    static var variables: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }
}
