// Passwords come from a prompt or a file, never from the command line: what stands there, every user of the machine
// can read, and the shell writes it down.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

enum Password {
    /// A new password: the first line of a file (`-` is standard input), or typed twice without an echo.
    static func new(for name: String, file: String?) throws -> String {
        if let file { return try first(lineOf: file) }
        let password = try prompt("Password for \(name): ")
        guard try prompt("The same again: ") == password else {
            throw CommandError(.usage, "the two passwords differ")
        }
        return password
    }

    private static func first(lineOf file: String) throws -> String {
        let text: String
        do {
            text = try TextFile.read(file)
        } catch {
            throw CommandError(.usage, "--password-file: \(error)")
        }
        let line = text.prefix { !$0.isNewline }
        guard !line.isEmpty else { throw CommandError(.usage, "--password-file: \(file) begins with an empty line") }
        return String(line)
    }

    /// Reads one line from the terminal, also when standard input is something else.
    private static func prompt(_ question: String) throws -> String {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else {
            throw CommandError(.usage, "no terminal to ask for the password; use --password-file FILE (or -)")
        }
        defer { close(terminal) }
        var settings = termios()
        guard tcgetattr(terminal, &settings) == 0 else { throw CommandError(.failed, "the terminal does not answer") }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(terminal, TCSAFLUSH, &silent)
        defer { tcsetattr(terminal, TCSAFLUSH, &settings) }
        say(question, to: terminal)
        defer { say("\n", to: terminal) }
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < 1024, readByte(terminal, &byte) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty else {
            throw CommandError(.usage, "no password was typed")
        }
        return text
    }

    private static func say(_ text: String, to terminal: CInt) {
        let bytes = Array(text.utf8)
        #if canImport(Glibc)
        _ = Glibc.write(terminal, bytes, bytes.count)
        #else
        _ = Darwin.write(terminal, bytes, bytes.count)
        #endif
    }

    private static func readByte(_ terminal: CInt, _ byte: inout UInt8) -> Int {
        #if canImport(Glibc)
        Glibc.read(terminal, &byte, 1)
        #else
        Darwin.read(terminal, &byte, 1)
        #endif
    }
}
