import Testing

@testable import Router

struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1), ("1969-12-31T23:59:59.5Z", -500_000),
            ("2026-11-21T04:31:10.123Z", 1_795_235_470_123_000), ("2026-11-21t04:31:10.123z", 1_795_235_470_123_000),
            ("2026-11-21 04:31:10.123Z", 1_795_235_470_123_000),
            ("2026-11-21T05:31:10.123+01:00", 1_795_235_470_123_000),
            ("2026-11-20T23:01:10.123-05:30", 1_795_235_470_123_000),
            ("2026-11-21T04:31:10.1239999Z", 1_795_235_470_123_999),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
            ("0000-03-01T00:00:00Z", -62_162_035_200_000_000), ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] as [(String, Int64)])
    func `timestamps of RFC 3339 are read`(text: String, microseconds: Int64) {
        #expect(Timestamp.microseconds(text) == microseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-21", "2026-11-21T04:31:10", "2026-11-21T04:31Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z", "2026-1-1T00:00:00Z",
        "+2026-01-01T00:00:00Z", "2026-01-01T00:00:00+01", "２０２６-01-01T00:00:00Z",
    ])
    func `anything else is not`(text: String) {
        #expect(Timestamp.microseconds(text) == nil)
    }

    @Test(
        arguments: [0, 1, -1, 1_795_235_470_123, 951_782_400_000, -62_162_035_200_000, 253_402_300_799_999] as [Int64])
    func `what is written is read back`(milliseconds: Int64) {
        #expect(Timestamp.microseconds(Timestamp.text(milliseconds: milliseconds)) == milliseconds * 1000)
    }

    @Test func `seconds are rounded to the millisecond`() {
        #expect(Timestamp.text(1_795_235_470.123) == "2026-11-21T04:31:10.123Z")
        #expect(Timestamp.milliseconds(.nan) == 0)
    }
}
