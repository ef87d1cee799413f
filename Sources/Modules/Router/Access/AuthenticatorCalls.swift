// Asking the procedures of dynamic authenticators. Whatever goes wrong, the answer is nobody: a backend that fails
// admits nobody.

import Logging
import ModuleKit
import Synchronization
import WAMP

final class AuthenticatorCalls: Sendable {
    private let host: any RealmHost
    private let logger: Logger
    private let calls = RouterCalls()
    /// Procedures that could not be asked the last time, so that the log says it once.
    private let failing = Mutex(Set<String>())

    init(_ host: any RealmHost, logger: Logger) {
        self.host = host
        self.logger = logger
    }

    /// Calls `procedure(realm, authid, details)`.
    ///
    /// - Returns: the first result; nil when the authenticator knows nobody, or cannot be asked.
    func ask(
        _ authenticator: AuthenticatorProcedure, realm: String, authid: String?, details: [String: Value]
    ) async -> Value? {
        let arguments = Payload([.string(realm), authid.map(Value.string) ?? .null, .dictionary(details)])
        do throws(WAMPError) {
            let result = try await calls.call(
                authenticator.procedure, arguments, in: authenticator.realm, of: host,
                timeoutMilliseconds: UInt64(authenticator.timeout / .milliseconds(1)))
            _ = failing.withLock { $0.remove(authenticator.procedure) }
            return (try? result.decodedArguments())?.first
        } catch  where RouterCalls.isOutage(error) {
            if failing.withLock({ $0.insert(authenticator.procedure).inserted }) {
                logger.warning(
                    "an authenticator cannot be asked, nobody is admitted by it",
                    metadata: .facts([
                        .uri: authenticator.procedure, .realm: authenticator.realm, .error: error.uri.rawValue,
                    ]))
            }
            return nil
        } catch {
            logger.debug(
                "an authenticator knows nobody of this name",
                metadata: .facts([
                    .uri: authenticator.procedure, .realm: authenticator.realm, .error: error.uri.rawValue,
                ]))
            return nil
        }
    }
}
