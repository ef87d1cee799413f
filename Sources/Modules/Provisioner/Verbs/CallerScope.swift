// How far a caller's arm reaches. What a role may call at all, the router has checked; which project's things it sees
// is decided here, verb by verb, because only here is it known whose they are.

import ModuleKit
import WAMP

/// The projects that a caller may see and touch.
struct CallerScope: Sendable, Hashable {
    /// Nil is all of them.
    var swarmKey: Int64?

    static let all = CallerScope(swarmKey: nil)

    func includes(_ project: Int64) -> Bool { swarmKey.map { $0 == project } ?? true }

    /// Asks credentials about the caller.
    ///
    /// - Throws: `not_authorized` for a caller that is neither a person nor at the unix socket nor in this process.
    static func of(_ call: ProcedureCall, asking administration: any ClientSession) async throws -> CallerScope {
        guard let authid = call.callerAuthID else {
            throw WAMPError(.notAuthorized, "The realm does not say who calls.")
        }
        // Nobody but root, group gantry and this process's own modules: no person's name holds a colon, and the role
        // is never given to anybody who signs in.
        if authid.hasPrefix("unix:") || call.callerAuthRole == "service" { return .all }
        do throws(WAMPError) {
            let answer = try await administration.ask("credentials.user.scope", ["name": .string(authid)])
            return CallerScope(swarmKey: answer["swarm_key"]?.integer)
        } catch {
            guard error.uri == .notFound else { throw error }
            throw WAMPError(.notAuthorized, "There is no account \(authid).")
        }
    }
}
