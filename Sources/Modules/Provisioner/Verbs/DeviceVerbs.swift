import ModuleKit
import WAMP

// `gantry.device.…`
extension CatalogVerbs {
    var deviceVerbs: [(String, Verb)] {
        [
            ("gantry.device.add", addDevice), ("gantry.device.list", listDevices),
            ("gantry.device.disable", { try await setDisabled($0, true) }),
            ("gantry.device.enable", { try await setDisabled($0, false) }),
            ("gantry.device.rotate", rotateDevice), ("gantry.device.remove", removeDevice),
        ]
    }

    /// The secret is in this answer and in no other.
    private func addDevice(_ call: ProcedureCall) async throws -> Value {
        let project = try await project(call, scope(call))
        let name = try call.newName()
        let serial = try call.string("serial") ?? CatalogNames.serial(random: randomBytes(10))
        guard CatalogNames.isSerial(serial) else {
            throw WAMPError.invalidArgument("serial", "serial: expected \(CatalogNames.serialRule).")
        }
        let device = try await changing("device") {
            try await store.addDevice(name, serial: serial, to: project.swarmKey, at: seconds())
        }
        let secret: String
        do {
            secret = try await issueSecret(serial)
        } catch {
            // A device that nobody has a secret of is of no use, and its name would be taken.
            try await store.removeDevice(device.deviceKey)
            throw error
        }
        note("device added", call, device.serial)
        await announcer.device(device.serial)
        return [
            "device_key": .integer(device.deviceKey), "serial": .string(device.serial), "secret": .string(secret),
            "swarm_key": .integer(device.swarmKey), "name": .string(device.name),
        ]
    }

    private func listDevices(_ call: ProcedureCall) async throws -> Value {
        let swarmKey = try await projectFilter(call)
        let installs = Dictionary(grouping: try await store.installs(of: swarmKey), by: \.deviceKey)
        let apps = try await store.apps(of: swarmKey)
        return .list(
            try await store.devices(of: swarmKey).map { device in
                let its = (installs[device.deviceKey] ?? []).map { install -> Value in
                    let app = apps.first { $0.swarmKey == install.swarmKey && $0.appKey == install.appKey }
                    return [
                        "app_key": .integer(install.appKey), "app": .string(app?.name ?? ""),
                        "stage": .string(install.stage.rawValue),
                    ]
                }
                var description = announcer.describe(device)
                description["installs"] = .list(its)
                return .dictionary(description)
            })
    }

    private func setDisabled(_ call: ProcedureCall, _ isDisabled: Bool) async throws -> Value {
        let device = try await device(call, of: projectFilter(call))
        try await store.setDisabled(isDisabled, device.deviceKey)
        if isDisabled { await disconnect(device) }
        note(isDisabled ? "device disabled" : "device enabled", call, device.serial)
        await announcer.device(device.serial)
        return [
            "device_key": .integer(device.deviceKey), "serial": .string(device.serial), "disabled": .bool(isDisabled),
        ]
    }

    /// New secrets, the device's own and its apps': all that were printed before are worthless at once.
    private func rotateDevice(_ call: ProcedureCall) async throws -> Value {
        let device = try await device(call, of: projectFilter(call))
        let secret = try await issueSecret(device.serial)
        await disconnect(device)
        note("device secret rotated", call, device.serial)
        return [
            "device_key": .integer(device.deviceKey), "serial": .string(device.serial), "secret": .string(secret),
        ]
    }

    private func removeDevice(_ call: ProcedureCall) async throws -> Value {
        let device = try await device(call, of: projectFilter(call))
        // First the catalog: from there on nobody is admitted, whatever happens to the secret.
        try await store.removeDevice(device.deviceKey)
        await disconnect(device)
        presence.forget(device.serial)
        note("device removed", call, device.serial)
        announcer.removed(device)
        // What stays if this fails opens nothing, and a new device of the serial number gets another one.
        _ = try await administration.ask("credentials.device.remove", ["serial": .string(device.serial)])
        return ["device_key": .integer(device.deviceKey), "serial": .string(device.serial)]
    }

    private func issueSecret(_ serial: String) async throws -> String {
        let answer = try await administration.ask("credentials.device.issue", ["serial": .string(serial)])
        guard let secret = answer["secret"]?.string else {
            throw WAMPError(.runtimeError, "The secret cannot be made.")
        }
        return secret
    }

    private func disconnect(_ device: Device) async {
        await realms.disconnect(.device(device.serial), realm: nil, reason: .notAuthorized)
    }
}
