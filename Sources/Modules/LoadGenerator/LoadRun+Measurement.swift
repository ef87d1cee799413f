import NIOCore

/// How far a measurement is, for whoever watches it.
package enum LoadProgress: Sendable, Hashable {
    case connecting(Int, of: Int)
    case warmingUp
    /// The window's number from 1, and what it has seen so far.
    case measuring(window: Int, of: Int, perSecond: Double, p50: Duration)
}

extension LoadRun {
    private static let progressInterval = Duration.milliseconds(250)

    /// Connects, lets the load run, and measures it window by window.
    ///
    /// - Throws: `LoadError`.
    package func measure(
        server: ProcessMeter?, progress: @escaping @Sendable (LoadProgress) -> Void = { _ in }
    ) async throws -> LoadReport {
        try await closing(server) { report in
            let before = server?.read()
            let ownBefore = ProcessMeter.ownCPUSeconds()
            let beginning = ContinuousClock.now
            try await connect(progress)
            if plan.traffic == .none {
                let time = ContinuousClock.now - beginning
                let own = ProcessMeter.ownCPUSeconds() - ownBefore
                try await holdIdle(&report, server, before, joinedIn: time, ownCPUSeconds: own)
            } else {
                try await onLoop { $0.start() }
                try await measureWindows(&report, server, progress)
            }
        }
    }

    /// Begins sessions and ends them, `atOnce` of them at a time, and measures how many.
    package func measureSessions(
        atOnce: Int, server: ProcessMeter?, progress: @escaping @Sendable (LoadProgress) -> Void = { _ in }
    ) async throws -> LoadReport {
        try await closing(server) { report in
            try await onLoop { run in
                let sessions = SessionLoop(run, atOnce: atOnce, role: LoadRole(.idle, number: 0))
                run.sessionLoop = sessions
                run.start()
                sessions.start()
            }
            try await measureWindows(&report, server, progress)
        }
    }

    /// Measures, and closes all connections however that ends.
    private func closing(
        _ server: ProcessMeter?, _ measure: (inout LoadReport) async throws -> Void
    ) async throws -> LoadReport {
        var report = LoadReport()
        do {
            try await measure(&report)
        } catch {
            try? await onLoop { $0.close() }
            throw error
        }
        try await onLoop { $0.close() }
        report.serverResidentKiB = server?.read().residentKiB
        return report
    }

    private func connect(_ progress: @escaping @Sendable (LoadProgress) -> Void) async throws {
        let watch = loop.scheduleRepeatedTask(initialDelay: .milliseconds(250), delay: .milliseconds(250)) { _ in
            progress(.connecting(self.readyCount, of: self.plan.roles.count))
        }
        defer { watch.cancel() }
        try await open().get()
    }

    private func holdIdle(
        _ report: inout LoadReport, _ server: ProcessMeter?, _ before: ProcessMeter.Reading?, joinedIn time: Duration,
        ownCPUSeconds: Double
    ) async throws {
        // What the joins have left behind is freed, and written off, in a moment.
        try await Task.sleep(for: .milliseconds(500))
        let joined = server?.read()
        let counters = try await takeCounters()
        report.add(counters)
        let cpu = before.flatMap { before in joined.map { $0.cpuSeconds - before.cpuSeconds } }
        report.windows = [
            LoadReport.Window(
                seconds: time / .seconds(1), operationCount: counters.latencies.count, serverCPUSeconds: cpu,
                ownCPUSeconds: ownCPUSeconds)
        ]
        let begin = ContinuousClock.now
        try await pass(plan.window) {}
        let held = server?.read()
        report.idle = LoadReport.IdleSessions(count: plan.roles.count)
        if let before, let joined, let held {
            let grown = Double(held.residentKiB - before.residentKiB)
            report.idle?.residentKiBEach = grown / Double(max(1, plan.roles.count))
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            report.idle?.serverCPUPercent = (held.cpuSeconds - joined.cpuSeconds) * 100 / seconds
        }
    }

    private func measureWindows(
        _ report: inout LoadReport, _ server: ProcessMeter?, _ progress: @escaping @Sendable (LoadProgress) -> Void
    ) async throws {
        try await pass(plan.warmUp) { progress(.warmingUp) }
        for number in 1...max(1, plan.windowCount) {
            // In the same order at both ends, so that what the readings take cancels out.
            let serverBefore = server?.read()
            let ownBefore = ProcessMeter.ownCPUSeconds()
            let begin = ContinuousClock.now
            _ = try await takeCounters()
            try await pass(plan.window) {
                let (count, p50) = (self.counters.latencies.count, self.counters.latencies.percentile(0.5))
                let seconds = (ContinuousClock.now - begin) / .seconds(1)
                progress(
                    .measuring(
                        window: number, of: self.plan.windowCount, perSecond: Double(count) / seconds, p50: p50))
            }
            let serverAfter = server?.read()
            let own = ProcessMeter.ownCPUSeconds() - ownBefore
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            let counters = try await takeCounters()
            report.add(counters)
            report.windows.append(
                LoadReport.Window(
                    seconds: seconds, operationCount: counters.latencies.count,
                    serverCPUSeconds: serverBefore.flatMap { before in
                        serverAfter.map { $0.cpuSeconds - before.cpuSeconds }
                    }, ownCPUSeconds: own))
        }
    }

    /// Lets time pass, and looks at the load now and then, on its loop.
    ///
    /// - Throws: as soon as the load has failed.
    private func pass(_ time: Duration, _ look: @escaping @Sendable () -> Void) async throws {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {
            let rest = end - ContinuousClock.now
            try await Task.sleep(for: min(rest, Self.progressInterval))
            try await onLoop { run in
                run.reviveIfStalled()
                look()
                if let failure = run.failure { throw failure }
            }
        }
    }

    private func takeCounters() async throws -> LoadCounters {
        try await onLoop { run in
            defer { run.counters = LoadCounters() }
            return run.counters
        }
    }

    private func onLoop<Result: Sendable>(
        _ body: @escaping @Sendable (LoadRun) throws -> Result
    ) async throws -> Result {
        try await loop.submit { try body(self) }.get()
    }
}
