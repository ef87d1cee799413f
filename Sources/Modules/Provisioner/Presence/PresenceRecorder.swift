import Logging
import ModuleKit
import ServiceLifecycle

/// Writes down when a device was last seen, and says aloud that it came or went: one change after the other.
struct PresenceRecorder: Service {
    let presence: DevicePresence
    let store: CatalogStore
    let announcer: Announcer

    func run() async throws {
        await withGracefulShutdownHandler {
            for await serial in presence.changes {
                await record(serial)
            }
        } onGracefulShutdown: {
            presence.finish()
        }
    }

    func record(_ serial: String) async {
        guard let entry = presence.entry(of: serial) else { return }
        do {
            try await store.setLastSeen([serial: entry.lastSeen])
        } catch {
            announcer.logger.error(
                "when a device was last seen cannot be written", metadata: .facts([.error: "\(error)"]))
        }
        await announcer.device(serial)
    }
}
