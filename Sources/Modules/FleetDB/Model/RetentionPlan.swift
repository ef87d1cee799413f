/// What `dropAfter` means at one moment.
struct RetentionPlan: Sendable, Hashable {
    /// Rows older than this are gone, whether their file is or not; nil keeps everything.
    var cutoff: Int64?

    init(retentionMilliseconds: Int64?, now: Int64) {
        cutoff = retentionMilliseconds.map { retention in
            let (cutoff, overflows) = now.subtractingReportingOverflow(retention)
            return overflows ? .min : cutoff
        }
    }

    /// The whole files that hold nothing younger than the cutoff.
    func expired(_ layout: ChunkLayout) -> [Chunk] {
        cutoff.map(layout.expired(before:)) ?? []
    }

    /// Such a row would be gone at once: it is published, but not written.
    func isExpired(_ tsp: Int64) -> Bool {
        cutoff.map { tsp < $0 } ?? false
    }
}
