import ModuleKit
import WAMP

// `gantry.project.…`
extension CatalogVerbs {
    var projectVerbs: [(String, Verb)] { [("gantry.project.add", addProject), ("gantry.project.list", listProjects)] }

    private func addProject(_ call: ProcedureCall) async throws -> Value {
        // The router refuses scoped accounts; a mistake there must not make a project that its maker cannot see.
        guard try await scope(call) == .all else {
            throw WAMPError(.notAuthorized, "This account is limited to one project.")
        }
        let (name, key) = (try call.newName(), try call.newKey())
        let project = try await changing("project") { try await store.addProject(name, key: key, at: seconds()) }
        note("project added", call, project.name)
        return ["swarm_key": .integer(project.swarmKey), "name": .string(project.name)]
    }

    private func listProjects(_ call: ProcedureCall) async throws -> Value {
        let scope = try await scope(call)
        let apps = try await store.apps(of: scope.swarmKey)
        let devices = try await store.devices(of: scope.swarmKey)
        return .list(
            try await store.projects().filter { scope.includes($0.swarmKey) }.map { project in
                [
                    "swarm_key": .integer(project.swarmKey), "name": .string(project.name),
                    "apps": .integer(Int64(apps.count { $0.swarmKey == project.swarmKey })),
                    "devices": .integer(Int64(devices.count { $0.swarmKey == project.swarmKey })),
                ]
            })
    }
}

// What credentials asks; nobody who signs in may (see RolePermissions).
extension CatalogVerbs {
    var lookups: [(String, Verb)] {
        [("provisioner.project.get", lookUpProject), ("provisioner.device.get", lookUpDevice)]
    }

    private func lookUpProject(_ call: ProcedureCall) async throws -> Value {
        let project = try await project(call, .all)
        return ["swarm_key": .integer(project.swarmKey), "name": .string(project.name)]
    }

    /// All that decides whether a device may join, fresh from the database.
    private func lookUpDevice(_ call: ProcedureCall) async throws -> Value {
        let serial = try call.string(required: "serial")
        guard let device = try await store.device(serial: serial) else {
            throw WAMPError.notFound("serial", "There is no such device.")
        }
        let installs = try await store.installs(on: device.deviceKey).map { install -> Value in
            [
                "app_key": .integer(install.appKey), "stage": .string(install.stage.rawValue),
                "epoch": .integer(install.epoch), "rotated_at": .integer(install.rotatedAt),
            ]
        }
        return [
            "serial": .string(device.serial), "device_key": .integer(device.deviceKey),
            "swarm_key": .integer(device.swarmKey), "disabled": .bool(device.isDisabled), "installs": .list(installs),
        ]
    }
}
