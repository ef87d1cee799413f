// Small files as whole texts: gantry.yml, templates, alarm rules, password files.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Reads and creates small text files.
enum TextFile {
    /// What no file of ours reaches; a path that was mistyped may lead to anything.
    static let bytesMax = 4 << 20

    /// Why a file could not be read or written.
    struct Failure: Error, Sendable, CustomStringConvertible {
        var path: String
        var reason: String
        var isMissing = false
        var isDenied = false
        var description: String { "\(path): \(reason)" }
    }

    /// The file's text. `-` is standard input.
    static func read(_ path: String) throws(Failure) -> String {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw Failure(
                path: path, reason: String(cString: strerror(code)), isMissing: code == ENOENT,
                isDenied: code == EACCES)
        }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= bytesMax {
            #if canImport(Glibc)
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            #else
            let count = Darwin.read(descriptor, &buffer, buffer.count)
            #endif
            if count > 0 {
                bytes += buffer[..<count]
            } else if count == 0 {
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw Failure(path: path, reason: "is not a text in UTF-8")
                }
                return text
            } else if errno != EINTR {
                throw Failure(path: path, reason: String(cString: strerror(errno)))
            }
        }
        throw Failure(path: path, reason: "is larger than \(bytesMax >> 20) MiB")
    }

    /// Creates a file that is not there, durably; false when it is there already, which is left as it is.
    static func create(_ path: String, _ text: String, mode: mode_t) throws(Failure) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            if errno == EEXIST { return false }
            throw Failure(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            #if canImport(Glibc)
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            #else
            let count = rest.withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
            #endif
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Failure(path: path, reason: String(cString: strerror(errno))) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw Failure(path: path, reason: String(cString: strerror(errno))) }
        return true
    }

    /// Creates a directory and those above it; false when it was there.
    static func createDirectory(_ path: String, mode: mode_t) throws(Failure) -> Bool {
        if mkdir(path, mode) == 0 { return true }
        let code = errno
        if code == EEXIST { return false }
        guard code == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw Failure(path: path, reason: String(cString: strerror(code)))
        }
        _ = try createDirectory(String(path[..<slash]), mode: mode)
        guard mkdir(path, mode) == 0 else { throw Failure(path: path, reason: String(cString: strerror(errno))) }
        return true
    }
}

extension TextFile {
    /// A file that the command line names; one that cannot be read is a wrong command line.
    static func argument(_ path: String, option: String) throws(CommandError) -> String {
        do {
            return try read(path)
        } catch {
            throw CommandError(.usage, "\(option): \(error)")
        }
    }
}
