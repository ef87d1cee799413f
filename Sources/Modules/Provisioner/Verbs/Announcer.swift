// What changes is said aloud in the admin realm: `gantry.device.on_change`, `gantry.realm.on_open`, `.on_change`. Each
// event goes out twice, the second time with the project's key behind the topic: accounts that are limited to one
// project may hear only that.

import Logging
import ModuleKit
import WAMP

struct Announcer: Sendable {
    let store: CatalogStore
    let administration: any ClientSession
    let presence: DevicePresence
    let logger: Logger

    func device(_ serial: String) async {
        do {
            guard let device = try await store.device(serial: serial) else { return }
            publish("gantry.device.on_change", device.swarmKey, describe(device))
        } catch {
            logger.error("a change cannot be announced", metadata: .facts([.error: "\(error)"]))
        }
    }

    func removed(_ device: Device) {
        publish(
            "gantry.device.on_change", device.swarmKey,
            describe(device).merging(["removed": true, "connected": false]) { $1 })
    }

    /// - Parameter event: `on_open` or `on_change`.
    func realm(_ event: String, _ realm: AppRealm, _ project: Project, _ app: App, _ template: DataTemplate) {
        publish("gantry.realm.\(event)", realm.swarmKey, describe(realm, project, app, template))
    }

    /// A device as lists and events show it.
    func describe(_ device: Device) -> [String: Value] {
        let entry = presence.entry(of: device.serial)
        return [
            "device_key": .integer(device.deviceKey), "swarm_key": .integer(device.swarmKey),
            "name": .string(device.name), "serial": .string(device.serial), "disabled": .bool(device.isDisabled),
            "connected": .bool(entry?.isConnected ?? false),
            "realms": .list((entry?.realms ?? []).map(Value.string)),
            "sessions": .integer(Int64(entry?.sessionCount ?? 0)),
            "joins": .integer(entry?.joins ?? 0),
            "address": entry?.address.map(Value.string) ?? .null,
            "last_seen": (entry?.lastSeen ?? device.lastSeen).map(Value.integer) ?? .null,
        ]
    }

    /// A realm as lists and events show it.
    func describe(
        _ realm: AppRealm, _ project: Project, _ app: App, _ template: DataTemplate
    ) -> [String: Value] {
        [
            "realm": .string(realm.uri), "swarm_key": .integer(realm.swarmKey), "project": .string(project.name),
            "app_key": .integer(realm.appKey), "app": .string(app.name), "stage": .string(realm.stage.rawValue),
            "devices_connected": .integer(Int64(presence.deviceCount(in: realm.uri))), "template": template.value,
        ]
    }

    private func publish(_ topic: String, _ swarmKey: Int64, _ event: [String: Value]) {
        let payload = Payload([], event)
        administration.publish(topic, payload)
        administration.publish("\(topic).\(swarmKey)", payload)
    }
}
