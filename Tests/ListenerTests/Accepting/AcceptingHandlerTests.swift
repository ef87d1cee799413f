import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Listener

@Suite struct AcceptingHandlerTests {
    /// Counts warnings.
    private final class Warnings: LogHandler, Sendable {
        let count = Atomic(0)
        var metadata: Logger.Metadata {
            get { [:] }
            set { _ = newValue }
        }
        var logLevel: Logger.Level {
            get { .warning }
            set { _ = newValue }
        }
        subscript(metadataKey _: String) -> Logger.Metadata.Value? {
            get { nil }
            set { _ = newValue }
        }
        func log(event: LogEvent) { count.add(1, ordering: .relaxed) }
    }

    private struct NoDescriptors: Error {}

    @Test func `reading is off for a moment after an error, and an episode is told once`() throws {
        let warnings = Warnings()
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(
            AcceptingHandler(logger: Logger(label: "test") { _ in warnings }))
        func isReading() -> Bool {
            channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }?.value as? Bool ?? true
        }
        #expect(isReading())
        for _ in 0..<3 {
            channel.pipeline.fireErrorCaught(NoDescriptors())
            #expect(!isReading())
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(499))
            #expect(!isReading())
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
            #expect(isReading())
        }
        #expect(warnings.count.load(ordering: .relaxed) == 1)
        _ = try channel.finish()
    }
}
