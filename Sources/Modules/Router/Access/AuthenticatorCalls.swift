// Asking the procedures of dynamic authenticators, as a session of the router's own in each of their realms. Whatever
// goes wrong, the answer is nobody: a backend that fails admits nobody.

import Logging
import ModuleKit
import Synchronization
import WAMP

final class AuthenticatorCalls: Sendable {
    private struct State {
        var sessions: [String: any ClientSession] = [:]
        /// Procedures that could not be asked the last time, so that the log says it once.
        var failing: Set<String> = []
    }

    private let host: any RealmHost
    private let logger: Logger
    private let state = Mutex(State())

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
            let result = try await call(authenticator, arguments)
            _ = state.withLock { $0.failing.remove(authenticator.procedure) }
            return (try? result.decodedArguments())?.first
        } catch  where Self.isOutage(error.uri) {
            if state.withLock({ $0.failing.insert(authenticator.procedure).inserted }) {
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

    private func call(_ authenticator: AuthenticatorProcedure, _ arguments: Payload) async throws(WAMPError) -> Payload
    {
        var options = CallOptions()
        let (seconds, attoseconds) = authenticator.timeout.components
        options.timeoutMilliseconds = UInt64(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        let (session, isNew) = try await session(in: authenticator.realm)
        do throws(WAMPError) {
            return try await session.call(authenticator.procedure, arguments, options: options, onProgress: nil)
        } catch  where Self.isEnd(error.uri) {
            // The realm has been closed since, and perhaps opened again.
            state.withLock { state in
                if state.sessions[authenticator.realm]?.id == session.id { state.sessions[authenticator.realm] = nil }
            }
            guard !isNew else { throw error }
            let again = try await self.session(in: authenticator.realm).session
            return try await again.call(authenticator.procedure, arguments, options: options, onProgress: nil)
        }
    }

    private func session(in realm: String) async throws(WAMPError) -> (session: any ClientSession, isNew: Bool) {
        if let session = state.withLock({ $0.sessions[realm] }) { return (session, false) }
        let joined = try await host.join(realm, as: Self.principal)
        let kept = state.withLock { state in
            if let first = state.sessions[realm] { return first }
            state.sessions[realm] = joined
            return joined
        }
        // Two came at once.
        if kept.id != joined.id { await joined.leave(reason: .normalClose) }
        return (kept, true)
    }

    private static let principal = Principal(
        authid: "router", authrole: "service", authmethod: "internal", authprovider: "gantry",
        permissions: Permissions([PermissionRule("", .prefix, allow: [.call])]))

    /// The authenticator is not there, as opposed to one that says no.
    private static func isOutage(_ uri: ErrorURI) -> Bool {
        switch uri {
        case .noSuchProcedure, .noSuchRealm, .timeout, .canceled, .unavailable, .noAvailableCallee, .networkFailure,
            .payloadSizeExceeded, .protocolViolation:
            true
        default: isEnd(uri)
        }
    }

    private static func isEnd(_ uri: ErrorURI) -> Bool { uri.rawValue.hasPrefix("wamp.close.") }
}
