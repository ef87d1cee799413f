// The system calls around SQLite's files: private files, directories that survive a power cut, room on the disk.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

enum Directory {
    /// Creates a directory with mode 0700 (its parent exists), durably; one that is there is fine.
    static func create(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 {
            try sync(parent(of: path))
        } else if errno != EEXIST {
            throw SystemError(call: "mkdir", path: path, errno: errno)
        }
    }

    /// Creates an empty file with mode 0600, which SQLite gives to its WAL too.
    static func createFile(_ path: String) throws(SystemError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError(call: "open", path: path, errno: errno) }
        close(descriptor)
    }

    /// The names in a directory; none when it is not there.
    static func names(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// In bytes; 0 when there is no such file.
    static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Deletes a SQLite file with what lies beside it. Those who have it open keep reading it.
    static func removeDatabase(_ path: String) {
        // The WAL first: without its file it means nothing, and must never meet a new file of the same name.
        for suffix in ["-wal", "-shm", ""] { unlink(path + suffix) }
    }

    /// Puts a damaged file aside, WAL and all, for somebody to look at.
    static func putAside(_ path: String, suffix: String) throws(SystemError) {
        for part in ["-wal", "-shm", ""] where exists(path + part) {
            guard rename(path + part, path + suffix + part) == 0 else {
                throw SystemError(call: "rename", path: path + part, errno: errno)
            }
        }
        try sync(parent(of: path))
    }

    /// Bytes that an ordinary user can still write on the disk of a path; nil when nobody says.
    static func freeBytes(_ path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    private static func sync(_ path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(call: "open", path: path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError(call: "fsync", path: path, errno: errno) }
    }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}

/// A system call that failed.
struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    var call: String
    var path: String
    var errno: Int32

    var description: String { "\(path): \(call) failed (errno \(errno))" }
}
