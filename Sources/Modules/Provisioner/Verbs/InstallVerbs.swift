import ModuleKit
import WAMP

// `gantry.app.install`, `.uninstall`, `.rotate`, `.environment`
extension CatalogVerbs {
    var installVerbs: [(String, Verb)] {
        [
            ("gantry.app.install", install), ("gantry.app.uninstall", uninstall), ("gantry.app.rotate", rotate),
            ("gantry.app.environment", environment),
        ]
    }

    /// Installs an app on a device and opens the app's realm if this is the first one. Again is no mistake: the
    /// answer is the same environment.
    private func install(_ call: ProcedureCall) async throws -> Value {
        let (project, app, device, stage) = try await target(call)
        let template = try Self.read(app.template)
        let (install, isNew) = try await store.install(app, on: device, stage)
        do {
            try await keeper.open(install.realm, template: template.value)
            // Whoever has opened it may not have come to writing it down.
            if try await store.addRealm(install.realm, at: seconds()) {
                announcer.realm("on_open", install.realm, project, app, template)
            }
        } catch {
            if isNew { try await store.uninstall(app, from: device, stage) }
            throw error
        }
        if isNew {
            note("app installed", call, "\(project.name)/\(app.name) on \(device.serial), \(stage.rawValue)")
            await announcer.device(device.serial)
        }
        return try await environment(of: app, on: device, install)
    }

    private func environment(_ call: ProcedureCall) async throws -> Value {
        let (_, app, device, stage) = try await target(call)
        let installs = try await store.installs(on: device.deviceKey)
        guard let install = installs.first(where: { $0.appKey == app.appKey && $0.stage == stage }) else {
            throw Self.notInstalled(app, device, stage)
        }
        return try await environment(of: app, on: device, install)
    }

    private func uninstall(_ call: ProcedureCall) async throws -> Value {
        let (project, app, device, stage) = try await target(call)
        do {
            try await store.uninstall(app, from: device, stage)
        } catch CatalogError.notFound {
            throw Self.notInstalled(app, device, stage)
        }
        let realm = AppRealm(swarmKey: project.swarmKey, appKey: app.appKey, stage: stage)
        await realms.disconnect(.device(device.serial), realm: realm.uri, reason: .notAuthorized)
        note("app uninstalled", call, "\(project.name)/\(app.name) from \(device.serial), \(stage.rawValue)")
        await announcer.device(device.serial)
        return [
            "app_key": .integer(app.appKey), "device_key": .integer(device.deviceKey),
            "serial": .string(device.serial), "stage": .string(stage.rawValue),
        ]
    }

    /// New per-app credentials; the ones before them go on for a quarter of an hour. All of the app's installs, or
    /// those of one device, or stage.
    private func rotate(_ call: ProcedureCall) async throws -> Value {
        let project = try await project(call, scope(call))
        let app = try await app(call, of: project)
        let stage: Stage? = try call.choice("stage")
        let device: Device? =
            if try call.reference("device") != nil { try await self.device(call, of: project.swarmKey) } else { nil }
        let rotated: [Install]
        do {
            rotated = try await store.rotate(app, device: device, stage: stage, at: seconds())
        } catch CatalogError.notFound {
            throw WAMPError.notFound("app", "\(app.name) is not installed there.")
        }
        let devices = try await store.devices(of: project.swarmKey)
        note("app credentials rotated", call, "\(project.name)/\(app.name), \(rotated.count) installs")
        return .list(
            rotated.compactMap { install in
                devices.first { $0.deviceKey == install.deviceKey }.map { device in
                    [
                        "device_key": .integer(device.deviceKey), "serial": .string(device.serial),
                        "stage": .string(install.stage.rawValue), "epoch": .integer(install.epoch),
                    ]
                }
            })
    }

    private func target(_ call: ProcedureCall) async throws -> (Project, App, Device, Stage) {
        let project = try await project(call, scope(call))
        let app = try await app(call, of: project)
        let device = try await device(call, of: project.swarmKey)
        return (project, app, device, try call.choice(required: "stage"))
    }

    private func environment(of app: App, on device: Device, _ install: Install) async throws -> Value {
        let credential = try await administration.ask(
            "credentials.app.secret",
            [
                "serial": .string(device.serial), "app_key": .integer(app.appKey),
                "stage": .string(install.stage.rawValue), "epoch": .integer(install.epoch),
            ])
        guard let authid = credential["authid"]?.string, let secret = credential["secret"]?.string else {
            throw WAMPError(.runtimeError, "The credential cannot be made.")
        }
        guard let endpoint = DeviceEndpoint(status: try await administration.ask("gantry.status")) else {
            throw WAMPError(.runtimeError, "gantry.status does not say where devices find this server.")
        }
        return InstallEnvironment(
            app: app, device: device, stage: install.stage, authid: authid, secret: secret, endpoint: endpoint
        ).value
    }

    private static func notInstalled(_ app: App, _ device: Device, _ stage: Stage) -> WAMPError {
        .notFound("app", "\(app.name) is not installed on \(device.name) in stage \(stage.rawValue).")
    }
}
