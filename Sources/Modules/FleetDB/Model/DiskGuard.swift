/// Refuses writes when the disk is nearly full, and accepts them again only when there is clearly room: a gap between
/// the two marks keeps it from flapping.
struct DiskGuard: Sendable, Hashable {
    let refuseBelowBytes: Int64
    let resumeAtBytes: Int64
    private(set) var refuses = false

    init(refuseBelowBytes: Int64, resumeAtBytes: Int64) {
        self.refuseBelowBytes = refuseBelowBytes
        self.resumeAtBytes = max(refuseBelowBytes, resumeAtBytes)
    }

    /// - Returns: whether the state changed, which is worth a line in the log.
    mutating func observe(freeBytes: Int64) -> Bool {
        let refuses = freeBytes < (self.refuses ? resumeAtBytes : refuseBelowBytes)
        defer { self.refuses = refuses }
        return refuses != self.refuses
    }
}
