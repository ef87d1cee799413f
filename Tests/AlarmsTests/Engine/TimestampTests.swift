import Testing
import WAMP

@testable import Alarms

struct TimestampTests {
    @Test(
        arguments: [
            (1000, .seconds(5), 6000), (1000, .seconds(-5), -4000), (1000, .milliseconds(1), 1001),
            (1000, .microseconds(999), 1000), (.max, .seconds(1), .max), (.min, .seconds(-1), .min),
            (0, .seconds(Int64.max), .max),
        ] as [(Int64, Duration, Int64)])
    func `adding ends at the last point there is`(_ from: Int64, _ duration: Duration, _ to: Int64) {
        #expect(Timestamp(milliseconds: from) + duration == Timestamp(milliseconds: to))
    }

    @Test func `a row without a device or a time is taken as of now`() {
        let bare = AlarmRow(["temperature": 20], sequence: 3, now: start)
        #expect(bare == AlarmRow(sequence: 3, time: start, deviceKey: -1, columns: ["temperature": 20]))
        #expect(AlarmRow([1, 2], sequence: 3, now: start) == nil)
    }
}
