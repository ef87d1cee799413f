import Foundation
import Logging
import WAMP

@testable import Router

/// A router's folder of its own for each test, which goes away with it.
final class EventFolder: Sendable {
    let directory = NSTemporaryDirectory() + "router-\(UUID().uuidString)"
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(isThere: Bool = true) throws {
        if isThere { try make() }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func make() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    /// Puts something else in the place of the file.
    func spoil() throws {
        try Data("this is no database".utf8).write(to: URL(fileURLWithPath: directory + "/events.db"))
    }

    var hasFile: Bool { FileManager.default.fileExists(atPath: directory + "/events.db") }

    func store() throws -> EventStore { try EventStore(path: directory + "/events.db", logger: Self.logger) }

    func journal(_ pace: EventJournal.Pace = .init()) -> EventJournal {
        EventJournal(directory: directory, pace: pace, logger: Self.logger)
    }
}

extension KeptEvent {
    /// An event as somebody kept it.
    convenience init(
        _ sequence: UInt64, topic: String = "com.x", payload: Payload = Payload(serializer: .json),
        publisher: Disclosure? = nil, trustlevel: Int64? = nil, forwarded: [ForwardedOption] = [],
        rkey: String? = nil, filter: ReceiverFilter? = nil
    ) {
        self.init(
            sequence: sequence, publication: PublicationID(sequence + 1000), milliseconds: Int64(sequence) * 1000,
            topic: URIBytes(topic), payload: payload, publisher: publisher, trustlevel: trustlevel,
            forwarded: forwarded, rkey: rkey, filter: filter)
    }
}
