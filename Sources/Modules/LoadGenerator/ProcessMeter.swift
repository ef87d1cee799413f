#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a process and its descendants have used, out of /proc.
package struct ProcessMeter: Sendable {
    package struct Reading: Sendable, Hashable {
        /// User and system time, in seconds.
        package var cpuSeconds: Double
        package var residentKiB: Int
    }

    private let process: Int

    /// - Throws: when there is no such process, or no /proc.
    package init(process: Int) throws(LoadError) {
        self.process = process
        guard Self.statistics(of: process) != nil else {
            throw LoadError("no process \(process) is to be seen under /proc")
        }
    }

    package func read() -> Reading {
        let all = Self.processes()
        var reading = Reading(cpuSeconds: 0, residentKiB: 0)
        for number in Self.descendants(of: process, among: all) {
            guard let statistics = all[number] else { continue }
            reading.cpuSeconds += Double(statistics.ticks) / Self.ticksPerSecond
            reading.residentKiB += statistics.residentPages * Self.pageKiB
        }
        return reading
    }

    /// What this process has used so far, in seconds.
    package static func ownCPUSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static let ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    private static let pageKiB = max(1, sysconf(Int32(_SC_PAGESIZE)) / 1024)

    // MARK: Pure parts

    /// The fields of `/proc/PID/stat` that count here.
    struct Statistics: Sendable, Hashable {
        var parent: Int
        var ticks: Int
        var residentPages: Int

        /// Reads a line of proc(5), "/proc/pid/stat". The name in parentheses may hold anything, parentheses included.
        init?(_ line: String) {
            guard let end = line.lastIndex(of: ")") else { return nil }
            let fields = line[line.index(after: end)...].split(separator: " ").map { Int($0) }
            guard fields.count > 21, let parent = fields[1], let user = fields[11], let system = fields[12],
                let resident = fields[21]
            else { return nil }
            self.parent = parent
            ticks = user + system
            residentPages = resident
        }
    }

    static func descendants(of process: Int, among all: [Int: Statistics]) -> Set<Int> {
        var found: Set<Int> = [process]
        var isGrowing = true
        while isGrowing {
            let children = all.filter { found.contains($0.value.parent) && !found.contains($0.key) }.keys
            found.formUnion(children)
            isGrowing = !children.isEmpty
        }
        return found
    }

    // MARK: /proc

    private static func statistics(of process: Int) -> Statistics? {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(process)/stat")) else { return nil }
        return Statistics(String(decoding: data, as: UTF8.self))
    }

    private static func processes() -> [Int: Statistics] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var all: [Int: Statistics] = [:]
        for case .some(let number) in names.map({ Int($0) }) { all[number] = statistics(of: number) }
        return all
    }
}
