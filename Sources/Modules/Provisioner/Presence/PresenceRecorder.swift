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
            await withTaskGroup { group in
                group.addTask { await noteConnected() }
                for await _ in presence.changes { await record(presence.takeChanges()) }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            presence.finish()
        }
    }

    /// Who stays is seen too: should the power go, what is written is a minute old at the most.
    private func noteConnected() async {
        while (try? await Task.sleep(for: .seconds(60))) != nil { await write(presence.connected()) }
    }

    private func record(_ changes: [(serial: String, lastSeen: Int64)]) async {
        await write(changes)
        for change in changes { await announcer.device(change.serial) }
    }

    private func write(_ seen: [(serial: String, lastSeen: Int64)]) async {
        guard !seen.isEmpty else { return }
        do {
            try await store.setLastSeen(Dictionary(seen, uniquingKeysWith: max))
        } catch {
            announcer.logger.error(
                "when devices were last seen cannot be written", metadata: .facts([.error: "\(error)"]))
        }
    }
}
