#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Whether systemd reads a stream into its journal.
package enum JournalStream {
    /// JOURNAL_STREAM says which file is the journal's, by device and inode. A variable that was inherited by a shell,
    /// whose standard error is its terminal, does not fit.
    package static func isStandardError(environment: [String: String]) -> Bool {
        guard let stream = environment["JOURNAL_STREAM"] else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}
