// What all verbs share: who calls, what a reference means, and how a mistake is said.

import Logging
import ModuleKit
import WAMP

/// The verbs of this module on the admin realm, `gantry.<noun>.<verb>`.
struct CatalogVerbs: Sendable {
    let store: CatalogStore
    let administration: any ClientSession
    let realms: any RealmHost
    let keeper: RealmKeeper
    let presence: DevicePresence
    let announcer: Announcer
    let seconds: @Sendable () -> Int64
    let randomBytes: @Sendable (Int) -> [UInt8]
    let logger: Logger

    typealias Verb = @Sendable (ProcedureCall) async throws -> Value

    /// Every verb and what answers it.
    var all: [(String, Verb)] { projectVerbs + appVerbs + installVerbs + deviceVerbs + realmVerbs + lookups }

    func scope(_ call: ProcedureCall) async throws -> CallerScope {
        try await CallerScope.of(call, asking: administration)
    }

    // MARK: References

    /// The project that a call names. One outside the caller's scope is not there.
    func project(_ call: ProcedureCall, _ scope: CallerScope) async throws -> Project {
        let reference = try call.reference(required: "project")
        guard let project = try await store.project(reference), scope.includes(project.swarmKey) else {
            throw WAMPError.notFound("project", "There is no project \(reference.name).")
        }
        return project
    }

    /// The project that a list is limited to, by the call or by the caller's scope; nil is all.
    func projectFilter(_ call: ProcedureCall) async throws -> Int64? {
        let scope = try await scope(call)
        guard try call.reference("project") != nil else { return scope.swarmKey }
        return try await project(call, scope).swarmKey
    }

    func app(_ call: ProcedureCall, of project: Project) async throws -> App {
        let reference = try call.reference(required: "app")
        guard let app = try await store.app(reference, of: project.swarmKey) else {
            throw WAMPError.notFound("app", "Project \(project.name) has no app \(reference.name).")
        }
        return app
    }

    /// The device that a call names: by serial number, name or key.
    ///
    /// - Parameter swarmKey: nil looks in every project.
    func device(_ call: ProcedureCall, of swarmKey: Int64?) async throws -> Device {
        let reference = try call.reference(required: "device")
        let found = try await store.devices(reference, of: swarmKey)
        guard let device = found.first else {
            throw WAMPError.notFound("device", "There is no device \(reference.name).")
        }
        guard found.count == 1 else {
            throw WAMPError.invalidArgument(
                "device", "There are \(found.count) devices \(reference.name); say the serial number, or the project.")
        }
        return device
    }

    // MARK: Mistakes

    /// Says in the caller's terms why the catalog could not be changed.
    func changing<T>(_ what: String, _ change: () async throws -> T) async throws -> T {
        do {
            return try await change()
        } catch let error as CatalogError {
            switch error {
            case .nameTaken(let name): throw WAMPError.conflict("name", "There is a \(what) \(name) already.")
            case .keyTaken(let key): throw WAMPError.conflict("key", "There is a \(what) with key \(key) already.")
            case .serialTaken(let serial):
                throw WAMPError.conflict("serial", "There is a device with serial number \(serial) already.")
            case .notFound: throw WAMPError.notFound(what, "There is no such \(what).")
            }
        }
    }

    func note(_ what: String, _ call: ProcedureCall, _ subject: String) {
        logger.notice("\(what)", metadata: .facts([.subject: subject, .by: call.callerAuthID ?? "unknown"]))
    }
}
