import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@testable import LoadGenerator

@Suite struct ProcessMeterTests {
    @Test func `a line of proc is read, whatever the process calls itself`() {
        let line =
            "42 (a) b (c)) S 7 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 12345 1000000 2048 18446744073709551615"
        let statistics = ProcessMeter.Statistics(line)
        #expect(statistics?.parent == 7 && statistics?.ticks == 300 && statistics?.residentPages == 2048)
    }

    @Test(arguments: ["", "42 (name", "42 (name) S 7", "42 (name) S x 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"])
    func `what is no such line is none`(_ line: String) {
        #expect(ProcessMeter.Statistics(line) == nil)
    }

    @Test func `descendants are children and theirs`() throws {
        func process(_ parent: Int) throws -> ProcessMeter.Statistics {
            try #require(.init("1 (x) S \(parent) 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"))
        }
        let all = try [1: process(0), 10: process(1), 11: process(10), 12: process(11), 20: process(1)]
        #expect(ProcessMeter.descendants(of: 10, among: all) == [10, 11, 12])
        #expect(ProcessMeter.descendants(of: 99, among: all) == [99])
    }

    @Test func `this process can be measured`() throws {
        let meter = try ProcessMeter(process: Int(getpid()))
        let before = ProcessMeter.ownCPUSeconds()
        var sum = 0.0
        while ProcessMeter.ownCPUSeconds() - before < 0.05 { sum += 1 }
        #expect(sum > 0 && meter.read().cpuSeconds > 0 && meter.read().residentKiB > 100)
        #expect(throws: LoadError.self) { _ = try ProcessMeter(process: -1) }
    }
}
