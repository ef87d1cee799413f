// The gantry.yml that `gantry init` writes. The text is etc/gantry.yml, compiled in (DefaultConfiguration.swift); the
// changes are made in the text, so that every comment stays.

import ModuleKit

/// Changes single values of the default gantry.yml. Pure.
struct ConfigurationTemplate: Sendable {
    private(set) var text: String

    init(text: String = DefaultConfiguration.text) { self.text = text }

    /// Gives a key another value; the comment behind it stays.
    ///
    /// - Parameter path: the key and the mappings around it, outermost first.
    /// - Precondition: the default text has the key. It is ours, and a test sets every key that is set here.
    mutating func set(_ path: [String], to value: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var from = lines.startIndex
        for (depth, key) in path.enumerated() {
            let start = String(repeating: "  ", count: depth) + key + ":"
            guard let found = lines[from...].firstIndex(where: { $0.hasPrefix(start) }) else {
                preconditionFailure("the default configuration has no \(path.joined(separator: "."))")
            }
            from = found
        }
        let indentation = String(repeating: "  ", count: path.count - 1)
        let comment = lines[from].firstRange(of: " #").map { String(lines[from][$0.lowerBound...]) } ?? ""
        lines[from] = "\(indentation)\(path.last ?? ""): \(value)\(comment.isEmpty ? "" : " " + comment)"
        text = lines.joined(separator: "\n")
    }

    /// A text as a YAML value.
    static func quoted(_ text: String) -> String {
        let isWord = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-".contains($0)) }
        if isWord && !text.isEmpty && text.first != "-" { return text }
        return "\"" + text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] } + "\""
    }
}

extension ConfigurationTemplate {
    /// What `--example` knows.
    enum Example: String, CaseIterable, Sendable {
        /// One open realm for anonymous clients on loopback, without TLS, and no module: where any WAMP tutorial runs,
        /// and where the load generator measures.
        case plain
    }

    /// The configuration for a data directory, and for an example.
    static func configuration(data: String, example: Example?) -> ConfigurationTemplate {
        var template = ConfigurationTemplate()
        template.set(["data", "directory"], to: quoted(data))
        if data != "/var/lib/gantry" {
            // Not the installed service: nobody has made /run/gantry for it.
            template.set(["listener", "unix_socket"], to: quoted(data + "/gantry.sock"))
        }
        if example == .plain {
            for module in Registry.modules.ids {
                template.set(["modules", module.rawValue, "enabled"], to: "false")
            }
            template.set(["listener", "address"], to: "127.0.0.1")
            template.set(["realms"], to: "\n" + plainRealm)
        }
        return template
    }

    private static let plainRealm = """
          realm1:                         # open to every client on this host, which may do anything in it
            anonymous:
              role: anonymous
              from: loopback
            roles:
              anonymous:
                permissions:
                  - uri: ""
                    match: prefix
                    allow: [publish, subscribe, call, register]
        """
}
