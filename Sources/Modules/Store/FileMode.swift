// The few system calls around a SQLite file that SQLite does not make itself: a file that nobody else could ever
// read, not even between its creation and a chmod, and a rename that a power cut cannot undo.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

enum FileMode {
    /// Creates an empty file with mode 0600, or gives an existing one that mode.
    static func createPrivate(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreError(path, .system(call: "open", errno: errno)) }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else { throw StoreError(path, .system(call: "fchmod", errno: errno)) }
        try syncDirectory(of: path)
    }

    /// The size in bytes, nil when there is no such file.
    static func size(of path: String) throws(StoreError) -> Int? {
        var status = stat()
        if stat(path, &status) == 0 { return Int(status.st_size) }
        guard errno == ENOENT else { throw StoreError(path, .system(call: "stat", errno: errno)) }
        return nil
    }

    static func remove(_ path: String) { unlink(path) }

    /// Makes a finished file visible under its name: whole, or not at all.
    static func syncAndRename(_ path: String, to destination: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError(path, .system(call: "open", errno: errno)) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError(path, .system(call: "fsync", errno: errno)) }
        guard rename(path, destination) == 0 else {
            throw StoreError(destination, .system(call: "rename", errno: errno))
        }
        try syncDirectory(of: destination)
    }

    /// A new name is durable only when its directory has been synced.
    private static func syncDirectory(of path: String) throws(StoreError) {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError(directory, .system(call: "open", errno: errno)) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError(directory, .system(call: "fsync", errno: errno)) }
    }
}
