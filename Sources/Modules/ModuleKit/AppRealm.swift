// The names of realms. An app realm's name is the vendor's contract (its SDKs build it from SWARM_KEY, APP_KEY and
// ENV), and several modules read it: here it is written and read in one place.

/// Which of an app's two lives a realm belongs to: the SDK's environment variable ENV.
package enum Stage: String, Sendable, Hashable, CaseIterable, Comparable {
    case dev
    case prod

    /// As the SDKs write it in device functions' URIs and in ENV.
    package var uppercased: String { rawValue.uppercased() }

    package static func < (lhs: Stage, rhs: Stage) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// The realm of one app of one project in one stage: `realm-<SWARM_KEY>-<APP_KEY>-<dev|prod>`.
package struct AppRealm: Sendable, Hashable {
    /// The project, by its key.
    package var swarmKey: Int64
    package var appKey: Int64
    package var stage: Stage

    package init(swarmKey: Int64, appKey: Int64, stage: Stage) {
        self.swarmKey = swarmKey
        self.appKey = appKey
        self.stage = stage
    }

    /// Reads a realm's name; nil when it is not exactly one that `uri` could have written.
    package init?(uri: String) {
        let parts = uri.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "realm", let stage = Stage(rawValue: String(parts[3])),
            let swarmKey = Int64(parts[1]), let appKey = Int64(parts[2]), swarmKey > 0, appKey > 0
        else { return nil }
        self.init(swarmKey: swarmKey, appKey: appKey, stage: stage)
        // `+3`, `03`: the same number, but another name.
        guard self.uri == uri else { return nil }
    }

    package var uri: String { "realm-\(swarmKey)-\(appKey)-\(stage.rawValue)" }
}

/// The realm of the appliance itself, where every verb of the command line and the web UI is a procedure.
package let adminRealm = "gantry.admin"
