// A session must not outlive the token that opened it: a page left open in a control room would keep its owner's
// rights for ever. Sessions are ended by name, so when one of a person's tokens runs out, a second one's sessions end
// with it; they come back with their own token at once.

import Authentication
import ServiceLifecycle
import Synchronization

/// Ends people's sessions when the tokens that opened them run out.
final class TokenExpiry: Service {
    /// The earliest end of a token that has opened a session, by name; seconds since 1970.
    private let ends = Mutex<[String: Int64]>([:])
    private let time: TimeAndChance
    private let interval: Duration
    private let disconnect: @Sendable (_ name: String) async -> Void

    /// - Parameter interval: how late a session may end.
    init(
        time: TimeAndChance, interval: Duration = .seconds(15),
        disconnect: @escaping @Sendable (_ name: String) async -> Void
    ) {
        self.time = time
        self.interval = interval
        self.disconnect = disconnect
    }

    /// A token has opened a session.
    func admitted(_ claims: TokenClaims) {
        ends.withLock { $0[claims.name] = min($0[claims.name] ?? .max, claims.expires) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await endWhatIsDue()
                await time.sleep(interval)
            }
        }
    }

    func endWhatIsDue() async {
        let now = time.wallSeconds()
        let due = ends.withLock { ends in
            let due = ends.filter { $0.value <= now }.keys.sorted()
            for name in due { ends[name] = nil }
            return due
        }
        for name in due { await disconnect(name) }
    }
}
