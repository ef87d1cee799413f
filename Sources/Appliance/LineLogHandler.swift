// One line for each event on standard error, facts as key=value, made to be read by people, grep and journald alike:
//
//     2026-11-21T04:40:00.123Z info router: realm is open realm=realm-3-5-prod
//
// Under systemd the line has no time (the journal has its own) and begins with the priority, `<6>`.

import Logging
import ModuleKit

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct LineLogHandler: LogHandler {
    /// Where the lines go, and in which dress.
    enum Style: Sendable {
        case terminal
        case journal
    }

    let label: String
    let style: Style
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    /// Takes one finished line with its end.
    var write: @Sendable (String) -> Void = StandardError.write

    init(label: String, style: Style, logLevel: Logger.Level) {
        self.label = label
        self.style = style
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var facts = metadata
        if let provided = metadataProvider?.get() { facts.merge(provided) { $1 } }
        if let own = event.metadata { facts.merge(own) { $1 } }
        var line = style == .journal ? "<\(Self.priority(event.level))>" : "\(Self.now()) \(event.level) "
        line += "\(label): "
        line +=
            Self.isPlain(event.message.description, besides: " ") ? "\(event.message)" : Self.quoted("\(event.message)")
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
            let text = value.description
            line += " \(key)=\(!text.isEmpty && Self.isPlain(text, besides: nil) ? text : Self.quoted(text))"
        }
        if let error = event.error { line += " error=\(Self.quoted("\(error)"))" }
        write(line + "\n")
    }

    /// syslog's priorities, as journald reads them from a line's beginning.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// What comes from outside can never end a line, begin a fact of its own, or paint the terminal.
    private static func isPlain(_ text: String, besides allowed: Unicode.Scalar?) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            if scalar == allowed { return true }
            return scalar.value > 0x20 && scalar != "\"" && scalar != "=" && !(0x7F...0x9F).contains(scalar.value)
                && scalar.value != 0x2028 && scalar.value != 0x2029
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _
            where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028
                || scalar.value == 0x2029:
                quoted += "\\u{\(String(scalar.value, radix: 16))}"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// UTC with milliseconds, as RFC 3339 writes it.
    private static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        var seconds = time.tv_sec
        gmtime_r(&seconds, &parts)
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let date = [
            digits(Int(parts.tm_year) + 1900, 4), digits(Int(parts.tm_mon) + 1, 2), digits(Int(parts.tm_mday), 2),
        ].joined(separator: "-")
        let clock = [digits(Int(parts.tm_hour), 2), digits(Int(parts.tm_min), 2), digits(Int(parts.tm_sec), 2)]
            .joined(separator: ":")
        return "\(date)T\(clock).\(digits(time.tv_nsec / 1_000_000, 3))Z"
    }
}

extension LineLogHandler.Style {
    /// `journal` when systemd reads standard error.
    static func detect(environment: [String: String]) -> LineLogHandler.Style {
        JournalStream.isStandardError(environment: environment) ? .journal : .terminal
    }
}
