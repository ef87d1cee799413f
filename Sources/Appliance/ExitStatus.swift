#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How a command ends; scripts rely on it (README.md, "Exit codes").
enum ExitStatus: Int32, Sendable {
    case ok = 0
    /// The command was understood, and failed.
    case failed = 1
    /// The command line is wrong.
    case usage = 2
    /// No server answers.
    case unreachable = 3
    /// The server refuses: who asks may not do that.
    case denied = 4
    /// What is to be made is there already, or is in use.
    case conflict = 5
    /// EX_CONFIG: gantry.yml is wrong. systemd does not restart a service that ends so.
    case configuration = 78

    /// Ends the process.
    func end() -> Never { exit(rawValue) }
}

/// Why a command ends other than well: one sentence for the operator, and the status for scripts.
struct CommandError: Error, Sendable, CustomStringConvertible {
    var status: ExitStatus
    /// What is wrong and what to do about it. Several lines are allowed; each begins with `error: ` already or not at all.
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    var description: String { message.hasPrefix("error: ") ? message : "error: \(message)" }
}
