import ModuleKit

/// FleetDB's part of gantry.yml.
package struct FleetDBConfiguration: Sendable {
    var queue = IngestQueue.Bounds()
    var chunkMilliseconds: Int64 = 86_400_000
    var diskRefuseBelowBytes: Int64 = 3 << 30
    var diskResumeAtBytes: Int64 = 4 << 30

    /// How long one history may take.
    var queryNanosecondsMax: Int64 = 30_000_000_000

    init() {}

    init(_ settings: Settings) {
        queue.bytesMax = settings.byteSize("queue", default: 64 << 20, in: (1 << 20)...(4 << 30))
        let partition = settings.duration(
            "partition", default: .seconds(86_400), in: .seconds(60)...(.seconds(31_536_000)))
        chunkMilliseconds = partition.components.seconds * 1000
        diskRefuseBelowBytes = Int64(
            settings.byteSize("disk_refuse_below", default: 3 << 30, in: 0...(1 << 50)))
        diskResumeAtBytes = Int64(
            settings.byteSize("disk_resume_at", default: 4 << 30, in: 0...(1 << 50)))
    }
}
