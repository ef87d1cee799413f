// What the provisioner knows of a device, as it answers `provisioner.device.get`. Credentials asks for it at every
// handshake and keeps no copy: there is nothing that could go stale, and a device that was removed is gone at once.

import ModuleKit
import WAMP

/// A device and the apps that are installed on it.
struct DeviceFacts: Sendable, Hashable {
    struct Install: Sendable, Hashable {
        var appKey: Int64
        var stage: Stage
        /// Counts the per-app credentials; only the current one is valid, and for a while the one before it.
        var epoch: Int64
        /// When the current epoch began, seconds since 1970.
        var rotatedAt: Int64

        init(appKey: Int64, stage: Stage, epoch: Int64, rotatedAt: Int64) {
            self.appKey = appKey
            self.stage = stage
            self.epoch = epoch
            self.rotatedAt = rotatedAt
        }
    }

    var serial: String
    var deviceKey: Int64
    var swarmKey: Int64
    var isDisabled: Bool
    var installs: [Install]

    init(serial: String, deviceKey: Int64, swarmKey: Int64, isDisabled: Bool, installs: [Install]) {
        self.serial = serial
        self.deviceKey = deviceKey
        self.swarmKey = swarmKey
        self.isDisabled = isDisabled
        self.installs = installs
    }

    /// Reads the provisioner's answer; nil when it is not one (which is a refusal, never an admission).
    init?(_ value: Value) {
        guard let serial = value["serial"]?.string, let deviceKey = value["device_key"]?.integer,
            let swarmKey = value["swarm_key"]?.integer, let isDisabled = value["disabled"]?.bool,
            let list = value["installs"]?.list
        else { return nil }
        let installs = list.compactMap { entry -> Install? in
            guard let appKey = entry["app_key"]?.integer, let epoch = entry["epoch"]?.integer,
                let stage = entry["stage"]?.string.flatMap(Stage.init(rawValue:)),
                let rotatedAt = entry["rotated_at"]?.integer
            else { return nil }
            return Install(appKey: appKey, stage: stage, epoch: epoch, rotatedAt: rotatedAt)
        }
        guard installs.count == list.count else { return nil }
        self.init(
            serial: serial, deviceKey: deviceKey, swarmKey: swarmKey, isDisabled: isDisabled, installs: installs)
    }
}
