package import Logging

/// The names under which facts stand in a log line. One list, so that a question to the journal
/// (`realm=realm-3-5-prod`) finds the lines of every module. Secrets, signatures and payloads have no name here.
package enum LogKey: String, Sendable, CaseIterable {
    case module
    case realm
    case session
    case authid
    case authrole
    case authmethod
    case peer
    case uri
    case table
    case path
    /// What an operator has acted on, and who the operator was.
    case subject
    case by
    case address
    case port
    case reason
    case error
    case version
    case count
    case durationMilliseconds = "duration_ms"
}

extension Logger {
    /// A fact for every line that this logger writes from now on.
    package subscript(key: LogKey) -> Logger.Metadata.Value? {
        get { self[metadataKey: key.rawValue] }
        set { self[metadataKey: key.rawValue] = newValue }
    }
}

extension Logger.Metadata {
    /// `logger.info("realm is open", metadata: .facts([.realm: "\(uri)"]))`
    package static func facts(_ facts: KeyValuePairs<LogKey, String>) -> Logger.Metadata {
        Logger.Metadata(facts.map { ($0.key.rawValue, .string($0.value)) }, uniquingKeysWith: { $1 })
    }
}
