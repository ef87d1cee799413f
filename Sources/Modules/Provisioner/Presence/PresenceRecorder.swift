import Logging
import ModuleKit
import ServiceLifecycle

/// Writes down when devices were last seen, and says aloud that they came or went. One commit for all that has
/// gathered while the one before it was written.
struct PresenceRecorder: Service {
    let presence: DevicePresence
    let store: CatalogStore
    let announcer: Announcer

    func run() async throws {
        await withGracefulShutdownHandler {
            for await _ in presence.changes {
                await record(presence.takeChanges())
            }
        } onGracefulShutdown: {
            presence.finish()
        }
    }

    private func record(_ changes: [(serial: String, lastSeen: Int64)]) async {
        guard !changes.isEmpty else { return }
        do {
            try await store.setLastSeen(Dictionary(changes, uniquingKeysWith: max))
        } catch {
            announcer.logger.error(
                "when devices were last seen cannot be written", metadata: .facts([.error: "\(error)"]))
        }
        for change in changes { await announcer.device(change.serial) }
    }
}
