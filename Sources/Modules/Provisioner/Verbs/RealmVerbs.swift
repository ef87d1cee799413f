import ModuleKit
import WAMP

// `gantry.realm.…`
extension CatalogVerbs {
    var realmVerbs: [(String, Verb)] { [("gantry.realm.list", listRealms)] }

    /// Every open realm with its app's template: all that a module needs to take up its work in them.
    private func listRealms(_ call: ProcedureCall) async throws -> Value {
        let swarmKey = try await projectFilter(call)
        let projects = try await store.projects()
        let apps = try await store.apps(of: swarmKey)
        return .list(
            try await store.realms(of: swarmKey).compactMap { realm in
                guard let project = projects.first(where: { $0.swarmKey == realm.swarmKey }),
                    let app = apps.first(where: { $0.swarmKey == realm.swarmKey && $0.appKey == realm.appKey })
                else { return nil }
                return .dictionary(announcer.describe(realm, project, app, try Self.read(app.template)))
            })
    }
}
