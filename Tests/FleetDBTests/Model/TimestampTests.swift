import Testing

@testable import FleetDB

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01", 0),
        ("2026", 1_767_225_600_000),
        ("2026-11", 1_793_491_200_000),
        ("2026-11-21T12:00:00Z", 1_795_262_400_000),
        ("2026-11-21 12:00:00", 1_795_262_400_000),
        ("2026-11-21T12:00", 1_795_262_400_000),
        ("2026-11-21T13:00:00+01:00", 1_795_262_400_000),
        ("2026-11-21T13:00:00+01", 1_795_262_400_000),
        ("2026-11-21T06:30:00-0530", 1_795_262_400_000),
        ("2026-11-21T12:00:00.25Z", 1_795_262_400_250),
        ("2026-11-21T12:00:00.123456789Z", 1_795_262_400_123),
        ("  2026-11-21T12:00:00 Z ", 1_795_262_400_000),
        ("2024-02-29", 1_709_164_800_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ("+002026-11-21", 1_795_219_200_000),
    ])
    func `a date or date-time is milliseconds since 1970, UTC without a zone`(text: String, expected: Int64) {
        #expect(Timestamp.parse(text) == expected)
    }

    @Test(arguments: [
        "", " ", "yesterday", "26-11-21", "2026-13-01", "2026-02-29", "2026-00-10", "2026-11-21T24:00:00",
        "2026-11-21T12:60", "2026-11-21T12", "2026-11-21T12:00:00.", "2026-11-21T12:00:00+1", "2026-11-21x",
        "1795262400000", "2026-11-21T12:00:00Z0", "20261121",
    ])
    func `anything else is no timestamp`(text: String) {
        #expect(Timestamp.parse(text) == nil)
    }
}

@Suite struct TimeIntervalTests {
    @Test(arguments: [
        ("30 days", 2_592_000_000), ("1 day", 86_400_000), ("1 day 12 hours", 129_600_000), ("90 minutes", 5_400_000),
        ("2 weeks", 1_209_600_000), ("1 month", 2_592_000_000), ("1 Year", 31_536_000_000), ("500 ms", 500),
    ])
    func `a length of time is counted`(text: String, expected: Int64) {
        #expect(TimeInterval.milliseconds(text) == expected)
    }

    @Test(arguments: [
        "", "day", "1", "1 fortnight", "-1 day", "0 days", "1 day 2", "9223372036854775807 days", "1.5 days",
    ])
    func `anything else is none`(text: String) {
        #expect(TimeInterval.milliseconds(text) == nil)
    }
}
