// Calls that the router makes itself, of procedures that decide for it: as a session of its own in each of their
// realms, with the permissions and the messages of any caller.

import ModuleKit
import Synchronization
import WAMP

final class RouterCalls: Sendable {
    /// A session, or the way to it: many may want the first one at once.
    private typealias Joining = Task<Result<any ClientSession, WAMPError>, Never>

    private let sessions = Mutex<[String: Joining]>([:])

    /// Calls a procedure of a realm; the dealer ends the call when it has taken too long.
    func call(
        _ procedure: String, _ arguments: Payload, in realm: String, of host: any RealmHost,
        timeoutMilliseconds: UInt64
    ) async throws(WAMPError) -> Payload {
        var options = CallOptions()
        options.timeoutMilliseconds = timeoutMilliseconds
        let (session, joining) = try await session(in: realm, of: host)
        do throws(WAMPError) {
            return try await session.call(procedure, arguments, options: options, onProgress: nil)
        } catch  where Self.isEnd(error) {
            // The realm has been closed since, and perhaps opened again.
            let again = try await self.session(in: realm, of: host, insteadOf: joining).session
            return try await again.call(procedure, arguments, options: options, onProgress: nil)
        }
    }

    private func session(
        in realm: String, of host: any RealmHost, insteadOf ended: Joining? = nil
    ) async throws(WAMPError) -> (session: any ClientSession, joining: Joining) {
        let joining = sessions.withLock { sessions in
            if let known = sessions[realm], known != ended { return known }
            let joining = Joining {
                do throws(WAMPError) {
                    return .success(try await host.join(realm, as: Self.principal))
                } catch {
                    return .failure(error)
                }
            }
            sessions[realm] = joining
            return joining
        }
        let joined = await joining.value
        if case .failure = joined { sessions.withLock { if $0[realm] == joining { $0[realm] = nil } } }
        return (try joined.get(), joining)
    }

    private static let principal = Principal(
        authid: "router", authrole: "service", authmethod: "internal", authprovider: "gantry",
        permissions: Permissions([PermissionRule("", .prefix, allow: [.call])]))

    /// Nobody is there to answer, as opposed to somebody who says no.
    static func isOutage(_ error: WAMPError) -> Bool {
        switch error.uri {
        case .noSuchProcedure, .noSuchRealm, .timeout, .canceled, .unavailable, .noAvailableCallee, .networkFailure,
            .payloadSizeExceeded, .protocolViolation:
            true
        default: isEnd(error)
        }
    }

    private static func isEnd(_ error: WAMPError) -> Bool { error.uri.rawValue.hasPrefix("wamp.close.") }
}
