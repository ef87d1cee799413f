// Which secrets open which realm for a device: the rule that keeps realms apart, as one pure function. Everything
// that is not in its answer is a refusal, and all refusals look alike from outside.

import ModuleKit

/// Which credential a device has shown; for the log, never for the device.
enum DeviceCredentialKind: String, Sendable, Hashable {
    /// The secret that `device add` printed.
    case device
    /// The vendor's per-app credential of the current epoch.
    case app
    /// The one before it, within its time of grace.
    case appInGrace = "app_in_grace"
    /// Secret equals serial, as devices had it before per-app credentials.
    case legacy
}

/// A secret that would be accepted.
struct AcceptableSecret: Sendable, Hashable {
    var kind: DeviceCredentialKind
    var secret: String

    init(_ kind: DeviceCredentialKind, _ secret: String) {
        self.kind = kind
        self.secret = secret
    }
}

enum DeviceAdmission {
    /// How long the credential of the previous epoch goes on being accepted after `app rotate`.
    static let graceSeconds: Int64 = 15 * 60

    /// The secrets that let an identity into a realm; empty when none does.
    ///
    /// - Parameters:
    ///   - facts: what the provisioner knows of the identity's serial number; nil when it knows none.
    ///   - secrets: what is kept under that serial number; nil when nothing is.
    ///   - allowsLegacy: whether (serial, serial) is a credential.
    ///   - now: seconds since 1970.
    static func acceptable(
        _ identity: Identity, in realm: AppRealm, facts: DeviceFacts?, secrets: DeviceSecrets?, allowsLegacy: Bool,
        now: Int64
    ) -> [AcceptableSecret] {
        guard let facts, facts.serial == identity.serial, !facts.isDisabled, facts.swarmKey == realm.swarmKey,
            let install = facts.installs.first(where: { $0.appKey == realm.appKey && $0.stage == realm.stage })
        else { return [] }
        switch identity {
        case .name(let serial):
            var acceptable: [AcceptableSecret] = []
            if let secrets { acceptable.append(AcceptableSecret(.device, secrets.secret)) }
            if allowsLegacy { acceptable.append(AcceptableSecret(.legacy, serial)) }
            return acceptable
        case .app(let appKey, let stage, let epoch, let serial):
            guard appKey == realm.appKey, stage == realm.stage, let secrets else { return [] }
            let kind: DeviceCredentialKind
            if epoch == install.epoch {
                kind = .app
            } else if epoch < install.epoch, epoch == install.epoch - 1, now - install.rotatedAt < graceSeconds {
                kind = .appInGrace
            } else {
                return []
            }
            let secret = AppSecret.derive(
                appKeyMaterial: secrets.appKeyMaterial, serial: serial, appKey: appKey, stage: stage, epoch: epoch)
            return [AcceptableSecret(kind, secret)]
        }
    }
}
