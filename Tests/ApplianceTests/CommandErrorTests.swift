import ModuleKit
import Testing
import WAMP

@testable import Appliance

/// What a server's refusal is to a script.
struct CommandErrorTests {
    @Test(arguments: [
        ("wamp.error.not_authorized", Appliance.ExitStatus.denied), ("wamp.error.authentication_denied", .denied),
        ("wamp.error.authentication_failed", .denied), ("wamp.error.no_matching_auth_method", .denied),
        ("gantry.error.conflict", .conflict), ("gantry.error.not_found", .failed),
        ("wamp.error.invalid_argument", .failed), ("wamp.error.runtime_error", .failed),
        ("wamp.error.no_such_procedure", .failed), ("wamp.error.network_failure", .unreachable),
        ("wamp.close.system_shutdown", .unreachable), ("com.example.error.own", .failed),
    ])
    func `an error URI is an exit status`(uri: String, status: Appliance.ExitStatus) {
        #expect(CommandError(WAMPError(ErrorURI(uri))).status == status)
    }

    @Test func `the server's sentence is what the operator reads`() {
        let conflict = CommandError(WAMPError.conflict("project", "There is a project plant already."))
        #expect(conflict.description == "error: There is a project plant already.")
        let refusal = CommandError(WAMPError(.notAuthorized, "This account is limited to one project."))
        #expect(refusal.description.contains("This account is limited to one project."))
        #expect(CommandError(WAMPError("com.example.error.own")).description.contains("com.example.error.own"))
    }

    @Test func `the statuses are the promised numbers`() {
        let promised: [Appliance.ExitStatus: Int32] = [
            .ok: 0, .failed: 1, .usage: 2, .unreachable: 3, .denied: 4, .conflict: 5, .configuration: 78,
        ]
        for (status, number) in promised { #expect(status.rawValue == number) }
    }
}
