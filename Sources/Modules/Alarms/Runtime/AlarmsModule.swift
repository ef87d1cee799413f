// Alarms: rules on the columns of a table, one alarm per rule and device, states after ISA-18.2. A peer on every app
// realm: it subscribes to what FleetDB commits and serves `alarms.*`. docs/alarms.md is what its users read.
//
//     Engine/        what an alarm is and does: pure values, no clock
//     Rules/         what a rule is, how it is read, what it says about a row: pure
//     Persistence/   alarms.db: rules, alarms, journal, positions
//     Runtime/       sessions, inboxes, ticks: the thin shell

package import ModuleKit
package import ServiceLifecycle

package struct AlarmsModule: Module {
    package typealias Configuration = AlarmsConfiguration

    package static let id: ModuleID = "alarms"

    private let service: AlarmsService

    package static func configuration(from settings: Settings) throws(ConfigurationError) -> AlarmsConfiguration {
        AlarmsConfiguration(settings)
    }

    package init(configuration: AlarmsConfiguration, context: ModuleContext) throws {
        service = AlarmsService(configuration: configuration, context: context, clock: .system)
    }

    package func prepare() async throws { try await service.prepare() }

    package var services: [any Service] { [service] }
}
