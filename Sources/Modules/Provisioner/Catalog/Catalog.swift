// The things that this module knows: projects, apps, devices, installs.

import ModuleKit

/// A project: whose devices and apps belong together. The vendor calls its key SWARM_KEY.
struct Project: Sendable, Hashable {
    var swarmKey: Int64
    var name: String
}

/// An app of a project, with its data template as it was written.
struct App: Sendable, Hashable {
    var swarmKey: Int64
    var appKey: Int64
    var name: String
    var template: String
}

struct Device: Sendable, Hashable {
    var deviceKey: Int64
    var swarmKey: Int64
    var name: String
    var serial: String
    var isDisabled: Bool
    /// When its last session was seen, milliseconds since 1970.
    var lastSeen: Int64?
}

/// An app in one stage on one device.
struct Install: Sendable, Hashable {
    var deviceKey: Int64
    var swarmKey: Int64
    var appKey: Int64
    var stage: Stage
    /// Of the per-app credential. Goes on counting when the app is taken off and installed again: the secret of an
    /// earlier life must not come back.
    var epoch: Int64
    /// When the epoch began, seconds since 1970; 0 when the one before it gets no time of grace.
    var rotatedAt: Int64

    var realm: AppRealm { AppRealm(swarmKey: swarmKey, appKey: appKey, stage: stage) }
}

/// Why the catalog cannot be changed as asked.
enum CatalogError: Error, Sendable, Hashable {
    case nameTaken(String)
    case keyTaken(Int64)
    case serialTaken(String)
    case notFound
}
