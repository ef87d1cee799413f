// A key that lives in a file of its own, `<data>/keys/<name>.key`: 32 random bytes that only their owner can read.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Reads and makes key files.
package enum KeyFile {
    package static let byteCount = 32

    /// Reads a key; nil when there is no such file.
    ///
    /// - Throws: also when others could read the file: whoever has read it may have all that it protects.
    package static func read(_ path: String) throws(KeyFileError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0 {
            guard errno == ENOENT else { throw KeyFileError(path, .system(call: "open", errno: errno)) }
            return nil
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw KeyFileError(path, .system(call: "fstat", errno: errno)) }
        let mode = UInt32(status.st_mode) & 0o777
        guard mode & 0o077 == 0 else { throw KeyFileError(path, .openToOthers(mode: mode)) }
        var bytes = [UInt8](repeating: 0, count: byteCount + 1)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count == byteCount else { throw KeyFileError(path, .wrongSize) }
        return Array(bytes.prefix(byteCount))
    }

    /// Writes a new key: whole and synced under its name, or not at all. A key that is there is never replaced.
    package static func create(_ path: String, _ key: [UInt8]) throws(KeyFileError) {
        let partial = path + ".partial"
        unlink(partial)
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw KeyFileError(path, .system(call: "open", errno: errno)) }
        defer { close(descriptor) }
        guard write(descriptor, key, key.count) == key.count, fsync(descriptor) == 0 else {
            throw KeyFileError(path, .system(call: "write", errno: errno))
        }
        // link, not rename: it fails when somebody has made the key in the meantime.
        guard link(partial, path) == 0 else { throw KeyFileError(path, .system(call: "link", errno: errno)) }
        unlink(partial)
    }
}

/// Why a key cannot be used: which file, what is wrong, what to do.
package struct KeyFileError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Reason: Sendable, Hashable {
        case system(call: String, errno: CInt)
        case openToOthers(mode: UInt32)
        case wrongSize
        /// There are secrets that only this key can open, and it is not there.
        case missing
        /// The file holds another key than the one that sealed what is stored.
        case otherKey
    }

    package var path: String
    package var reason: Reason

    package init(_ path: String, _ reason: Reason) {
        self.path = path
        self.reason = reason
    }

    package var description: String {
        switch reason {
        case .system(let call, let code): "\(path): \(call): \(String(cString: strerror(code)))"
        case .openToOthers(let mode):
            "\(path): other users can read this key (mode 0\(String(mode, radix: 8))); chmod 0600 it, and rotate what "
                + "it protects if they may have"
        case .wrongSize: "\(path): expected \(KeyFile.byteCount) bytes; restore the file from a backup"
        case .missing:
            "\(path): not there, and the stored secrets cannot be opened without it; restore it from a backup"
        case .otherKey: "\(path): not the key that sealed the stored secrets; restore the right one from a backup"
        }
    }
}
