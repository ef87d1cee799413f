package import WAMP

/// What has happened since somebody last looked.
struct LoadCounters: Sendable {
    var latencies = Latencies()
    var errorCount = 0
    var lostCount = 0
    var latestError: String?

    /// One operation that took so long.
    mutating func record(_ nanoseconds: UInt64) { latencies.record(nanoseconds: nanoseconds) }
}

/// What a load has found.
package struct LoadReport: Sendable {
    /// One stretch of time, measured for itself.
    package struct Window: Sendable {
        var seconds: Double
        var operationCount: Int
        var serverCPUSeconds: Double?
        var ownCPUSeconds: Double
    }

    /// What sessions cost that do nothing.
    package struct IdleSessions: Sendable {
        var count: Int
        var residentKiBEach: Double?
        var serverCPUSecondsForJoins: Double?
        /// CPU of the server while they were held, in percent of one core.
        var serverCPUPercent: Double?
    }

    var windows: [Window] = []
    var latencies = Latencies()
    var errorCount = 0
    var lostCount = 0
    var latestError: String?
    var serverResidentKiB: Int?
    var idle: IdleSessions?

    mutating func add(_ counters: LoadCounters) {
        latencies.merge(counters.latencies)
        errorCount += counters.errorCount
        lostCount += counters.lostCount
        latestError = counters.latestError ?? latestError
    }

    /// As it is printed: medians over the windows, with the least and the most; latencies of all windows together.
    package var value: Value {
        var entries: [String: Value] = [
            "operations": .integer(Int64(latencies.count)), "errors": .integer(Int64(errorCount)),
            "lost": .integer(Int64(lostCount)),
        ]
        for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)] {
            entries["\(name)_us"] = Self.number(latencies.percentile(share) / .microseconds(1), 1)
        }
        entries["max_us"] = Self.number(latencies.max / .microseconds(1), 1)
        add("per_second", windows.map { Double($0.operationCount) / $0.seconds }, 0, to: &entries)
        let busy = windows.filter { $0.operationCount > 0 }
        add("own_cpu_us", busy.map { $0.ownCPUSeconds * 1e6 / Double($0.operationCount) }, 3, to: &entries)
        let server = busy.compactMap { window in
            window.serverCPUSeconds.map { $0 * 1e6 / Double(window.operationCount) }
        }
        add("server_cpu_us", server, 3, to: &entries)
        let share = windows.compactMap { window in window.serverCPUSeconds.map { $0 * 100 / window.seconds } }
        if let spread = Spread(share) { entries["server_cpu_percent"] = Self.number(spread.median, 1) }
        if let serverResidentKiB { entries["server_rss_kib"] = .integer(Int64(serverResidentKiB)) }
        if let idle {
            entries["sessions"] = .integer(Int64(idle.count))
            entries["rss_kib_per_session"] = idle.residentKiBEach.map { Self.number($0, 2) }
            entries["idle_cpu_percent"] = idle.serverCPUPercent.map { Self.number($0, 2) }
        }
        if let latestError { entries["latest_error"] = .string(latestError) }
        return .dictionary(entries)
    }

    private func add(_ name: String, _ values: [Double], _ digits: Int, to entries: inout [String: Value]) {
        guard let spread = Spread(values) else { return }
        entries[name] = Self.number(spread.median, digits)
        entries["\(name)_min"] = Self.number(spread.least, digits)
        entries["\(name)_max"] = Self.number(spread.most, digits)
    }

    private static func number(_ value: Double, _ digits: Int) -> Value {
        guard digits > 0 else { return .integer(Int64(value.rounded())) }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        return .double((value * scale).rounded() / scale)
    }
}
