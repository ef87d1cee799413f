import Testing

@testable import ModuleKit

struct QuantityTests {
    @Test(arguments: [
        ("0s", Duration.zero), ("500ms", .milliseconds(500)), ("10s", .seconds(10)), ("5m", .seconds(300)),
        ("2h", .seconds(7200)), ("1d", .seconds(86400)), ("10 s", .seconds(10)), ("90s", .seconds(90)),
    ])
    func `a duration is a number and its unit`(text: String, duration: Duration) {
        #expect(Quantity.duration(text) == duration)
    }

    @Test(arguments: ["", "10", "s", "-1s", "1.5h", "1w", "10S", "10s ", " 10s", "9223372036854775807d", "١s"])
    func `anything else is no duration`(text: String) {
        #expect(Quantity.duration(text) == nil)
    }

    @Test(arguments: [
        ("0B", 0), ("512B", 512), ("16KiB", 16384), ("64MiB", 64 << 20), ("1GiB", 1 << 30), ("1kB", 1000),
        ("5MB", 5_000_000), ("2GB", 2_000_000_000),
    ])
    func `a size is a number and its unit`(text: String, bytes: Int) {
        #expect(Quantity.byteSize(text) == bytes)
    }

    @Test(arguments: ["", "16", "16K", "16kib", "-1B", "1.5MiB", "9223372036854775807GiB", "99999999999999999999B"])
    func `anything else is no size`(text: String) {
        #expect(Quantity.byteSize(text) == nil)
    }

    @Test(arguments: [("5%", 5.0), ("0.5%", 0.5), ("100%", 100.0)])
    func `a share is a number and its sign`(text: String, percent: Double) {
        #expect(Quantity.percent(text) == percent)
    }

    @Test(arguments: ["", "%", "5", "five%", "inf%", "nan%"])
    func `anything else is no share`(text: String) {
        #expect(Quantity.percent(text) == nil)
    }

    @Test(arguments: ["0s", "1ms", "1500ms", "10s", "5m", "90s", "2h", "36h", "1d"])
    func `a duration is written in its largest whole unit`(text: String) throws {
        #expect(Quantity.text(try #require(Quantity.duration(text))) == text)
    }

    @Test(arguments: ["0B", "1000B", "16KiB", "1536KiB", "16MiB", "1GiB"])
    func `a size is written in its largest whole unit`(text: String) throws {
        #expect(Quantity.text(byteSize: try #require(Quantity.byteSize(text))) == text)
    }

    @Test func `the longest durations do not overflow`() {
        #expect(Quantity.text(.seconds(Int64.max)) == "9223372036854775807s")
    }
}
