import Logging
import Synchronization
import Testing

@testable import Appliance

struct LineLogHandlerTests {
    /// The lines that a style writes for one event.
    private static func lines(_ style: LineLogHandler.Style, _ log: (Logger) -> Void) -> [String] {
        let sink = LineSink()
        var handler = LineLogHandler(label: "router", style: style, logLevel: .info)
        handler.write = sink.append
        let configured = handler
        log(Logger(label: "router") { _ in configured })
        return sink.all
    }

    @Test func `the journal gets the priority and no time`() {
        let lines = Self.lines(.journal) { logger in
            logger.warning("slow reader", metadata: ["session": "17", "realm": "realm1"])
            logger.error("lost")
            logger.debug("below the level")
        }
        #expect(lines == ["<4>router: slow reader realm=realm1 session=17\n", "<3>router: lost\n"])
    }

    @Test func `a terminal gets time and level`() {
        let lines = Self.lines(.terminal) { $0.notice("ready") }
        #expect(lines.count == 1)
        #expect(lines[0].wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z notice router: ready\n/) != nil)
    }

    @Test(arguments: [
        ("plain", "plain"), ("two words", #""two words""#), ("", #""""#), ("a=b", #""a=b""#), ("a\"b", #""a\"b""#),
        ("x\n<0>forged: line", #""x\n<0>forged: line""#), ("\u{1B}[2J", #""\u{1b}[2J""#),
        ("\u{2028}", #""\u{2028}""#),
    ])
    func `a value cannot end its line or begin another fact`(value: String, written: String) {
        let lines = Self.lines(.journal) { $0.info("joined", metadata: ["authid": "\(value)"]) }
        #expect(lines == ["<6>router: joined authid=\(written)\n"])
    }

    @Test func `an inherited JOURNAL_STREAM does not count`() {
        #expect(LineLogHandler.Style.detect(environment: ["JOURNAL_STREAM": "0:0"]) == .terminal)
        #expect(LineLogHandler.Style.detect(environment: [:]) == .terminal)
    }
}

private final class LineSink: Sendable {
    private let lines = Mutex<[String]>([])
    func append(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}
