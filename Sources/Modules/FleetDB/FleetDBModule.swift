// The time series of the apps: rows in, history and live feed out, on SQLite files of its own.
//
//     payload ── RowReader ──▶ cells ── RowBinder ──▶ chunk files        (FleetWriter: one thread, group commit)
//                                  └── RowWriter ──▶ transformed.<table>
//     history ── HistoryRequest ── HistoryPlan ──▶ chunk files ── HistoryAnswer ──▶ RESULT   (FleetReader: two threads)
//
// Model, Rows and Query are pure; Store knows files and SQL; Runtime knows sessions. It calls nobody but the provisioner's
// `gantry.realm.list`, and nobody calls it but through WAMP.

import Foundation
import Logging
package import ModuleKit
package import ServiceLifecycle
import WAMP

package final class FleetDBModule: Module {
    package static let id: ModuleID = "fleetdb"
    package static let requires: Set<ModuleID> = ["provisioner"]

    private let fleet: Fleet
    private let realms: RealmService

    package static func configuration(from settings: Settings) throws(ConfigurationError) -> FleetDBConfiguration {
        FleetDBConfiguration(settings)
    }

    package init(configuration: FleetDBConfiguration, context: ModuleContext) throws {
        let directory = context.directory
        fleet = Fleet(
            directory: directory, configuration: configuration, logger: context.logger,
            clock: { Int64(Date().timeIntervalSince1970 * 1000) }, freeBytes: { Directory.freeBytes(directory) })
        realms = RealmService(fleet: fleet, host: context.realms, logger: context.logger)
    }

    package func prepare() async throws {
        try await realms.start()
    }

    package var services: [any Service] { [RetentionService(fleet: fleet, realms: realms)] }
}

/// Removes expired chunks every ten minutes, and closes every file at the end.
private struct RetentionService: Service {
    let fleet: Fleet
    let realms: RealmService

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await fleet.retain()
                try? await Task.sleep(for: .seconds(600))
            }
        }
        await realms.stop()
        await fleet.shutDown()
    }
}
