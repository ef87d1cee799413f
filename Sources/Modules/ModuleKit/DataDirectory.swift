// The one data directory, and its one owner. Each module gets a room of its own in it, which nobody else can read;
// the lock makes a second gantry on the same data an error instead of a corruption.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `<data>/`: a folder for each module, `keys/`, and the lock.
package struct DataDirectory: Sendable {
    /// Absolute, without a slash at the end.
    package let path: String

    /// A relative path counts from the working directory.
    package init(path: String) {
        var path = path
        if !path.hasPrefix("/"), let working = Self.workingDirectory { path = working + "/" + path }
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    /// `<data>/keys`, where every file is one key, named after what it is for.
    package var keys: String { path + "/keys" }

    /// A module's own folder. It is there after `create(for:)`.
    package func directory(of module: ModuleID) -> String { path + "/" + module.rawValue }

    /// Creates what is not there, all with mode 0700, and leaves alone what is.
    ///
    /// - Returns: the directories that were made, outermost first.
    /// - Throws: what is in the way; also when `keys/` is open to others.
    @discardableResult
    package func create(for modules: [ModuleID]) throws(DataDirectoryError) -> [String] {
        var made: [String] = []
        for directory in [path, keys] + modules.map(directory(of:)) {
            if try Self.makeDirectory(directory) { made.append(directory) }
        }
        var status = stat()
        guard stat(keys, &status) == 0 else { throw DataDirectoryError(keys, .system(call: "stat", errno: errno)) }
        let mode = UInt32(status.st_mode) & 0o777
        guard mode & 0o077 == 0 else { throw DataDirectoryError(keys, .openToOthers(mode: mode)) }
        return made
    }

    /// Takes `<data>/lock` for as long as the returned value lives; the kernel frees it when the process ends, however.
    package func lock() throws(DataDirectoryError) -> DataDirectoryLock {
        let file = path + "/lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw DataDirectoryError(file, .system(call: "open", errno: errno)) }
        let lock = DataDirectoryLock(descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            guard code == EWOULDBLOCK else { throw DataDirectoryError(file, .system(call: "flock", errno: code)) }
            throw DataDirectoryError(path, .inUse(processID: lock.owner))
        }
        lock.writeOwner()
        return lock
    }

    /// Makes one directory and those above it that are missing. False when it was there.
    private static func makeDirectory(_ path: String) throws(DataDirectoryError) -> Bool {
        if mkdir(path, 0o700) == 0 { return true }
        switch errno {
        case EEXIST:
            var status = stat()
            guard stat(path, &status) == 0 else { throw DataDirectoryError(path, .system(call: "stat", errno: errno)) }
            guard status.st_mode & S_IFMT == S_IFDIR else { throw DataDirectoryError(path, .notADirectory) }
            return false
        case ENOENT:
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
                throw DataDirectoryError(path, .system(call: "mkdir", errno: ENOENT))
            }
            _ = try makeDirectory(String(path[..<slash]))
            guard mkdir(path, 0o700) == 0 else { throw DataDirectoryError(path, .system(call: "mkdir", errno: errno)) }
            return true
        default:
            throw DataDirectoryError(path, .system(call: "mkdir", errno: errno))
        }
    }

    private static var workingDirectory: String? {
        guard let buffer = getcwd(nil, 0) else { return nil }
        defer { free(buffer) }
        return String(cString: buffer)
    }
}

/// The exclusive right to a data directory; given back when the value goes.
package final class DataDirectoryLock: Sendable {
    private let descriptor: CInt

    fileprivate init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Who wrote its process id into the file last.
    fileprivate var owner: Int? {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int(String(decoding: bytes.prefix(count).prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
    }

    /// Only for the error of the next one who tries: the lock itself does not depend on it.
    fileprivate func writeOwner() {
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    }
}

/// Why the data directory cannot be used, and what to do about it.
package struct DataDirectoryError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Reason: Sendable, Hashable {
        /// Another gantry runs on this directory; nil when its process id is not known.
        case inUse(processID: Int?)
        case notADirectory
        /// The keys could be read by other users.
        case openToOthers(mode: UInt32)
        case system(call: String, errno: CInt)
    }

    package var path: String
    package var reason: Reason

    init(_ path: String, _ reason: Reason) {
        self.path = path
        self.reason = reason
    }

    package var description: String {
        switch reason {
        case .inUse(let processID):
            let owner = processID.map { " (process \($0))" } ?? ""
            return "\(path): another gantry\(owner) uses this data directory; stop it, or choose another with --data"
        case .notADirectory:
            return "\(path): not a directory; move it away, or choose another data directory with --data"
        case .openToOthers(let mode):
            return "\(path): other users can read the keys (mode 0\(String(mode, radix: 8))); chmod 0700 \(path)"
        case .system(let call, let code):
            let hint = code == EACCES || code == EPERM ? "; who runs gantry must own the directory" : ""
            return "\(path): \(call): \(String(cString: strerror(code)))\(hint)"
        }
    }
}
