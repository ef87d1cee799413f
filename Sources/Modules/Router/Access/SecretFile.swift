// A file that holds one secret, for those who keep secrets out of gantry.yml.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

enum SecretFile {
    static let byteCountMax = 4096

    /// The first line of a file that is not open to everybody.
    static func read(_ path: String) throws(SecretFileError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SecretFileError(path: path, reason: .system(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SecretFileError(path: path, reason: .system(errno)) }
        let mode = UInt32(status.st_mode) & 0o777
        guard mode & 0o007 == 0 else { throw SecretFileError(path: path, reason: .openToOthers(mode)) }
        var bytes = [UInt8](repeating: 0, count: byteCountMax + 1)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw SecretFileError(path: path, reason: .system(errno)) }
        let line = bytes.prefix(count).prefix { $0 != 0x0A && $0 != 0x0D }
        guard !line.isEmpty, line.count <= byteCountMax, let text = String(validating: line, as: UTF8.self) else {
            throw SecretFileError(path: path, reason: .noSecret)
        }
        return text
    }
}

/// Why a secret cannot be had from its file.
package struct SecretFileError: Error, Sendable, Hashable, CustomStringConvertible {
    enum Reason: Sendable, Hashable {
        case system(CInt)
        case openToOthers(UInt32)
        case noSecret
    }

    var path: String
    var reason: Reason

    package var description: String {
        switch reason {
        case .system(let code): "\(path): \(String(cString: strerror(code)))"
        case .openToOthers(let mode):
            "\(path): every user can read or change this secret (mode 0\(String(mode, radix: 8))); chmod o= it, and "
                + "choose another secret if somebody may have read it"
        case .noSecret:
            "\(path): expected a secret on the first line, UTF-8, at most \(SecretFile.byteCountMax) bytes"
        }
    }
}
