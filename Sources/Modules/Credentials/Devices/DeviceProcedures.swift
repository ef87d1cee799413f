// What the provisioner asks of this module, on the admin realm: to issue and to forget secrets. Who has a role in
// that realm may not call these (RolePermissions allows `gantry.`, never `credentials.`): the provisioner alone
// does, as the peer that knows which devices and installs there are.
//
// Why procedures and not a port: both sides are alive whenever a secret is issued or a device knocks, so the realm
// carries the questions as it carries everybody's. Each fact has one owner and there is nothing to reconcile after a
// crash: devices, installs and epochs are the provisioner's, secrets are ours, and neither opens a door alone.

import Authentication
import Logging
import ModuleKit
import WAMP

struct DeviceProcedures: Sendable {
    let store: CredentialStore
    let judge: any AttemptJudging
    let time: TimeAndChance

    /// Every procedure and what answers it.
    var all: [(String, @Sendable (ProcedureCall) async throws -> Value)] {
        [
            ("credentials.device.issue", issue), ("credentials.device.remove", remove),
            ("credentials.app.secret", appSecret), ("credentials.user.scope", scope),
        ]
    }

    /// `serial` → `secret`. New secrets in place of those that the device had, its apps' included.
    private func issue(_ call: ProcedureCall) async throws -> Value {
        let serial = try call.string(required: "serial")
        let secrets = DeviceSecrets(secret: time.secret(), appKeyMaterial: time.secret())
        try await store.put(secrets, for: serial, at: time.wallSeconds())
        try await forgive(serial)
        return ["secret": .string(secrets.secret)]
    }

    /// Failed attempts on a device's old secrets are forgotten; those on the password of a person of the same name are not.
    private func forgive(_ serial: String) async throws {
        if let name = PersonName.normalized(serial), try await store.person(name) != nil { return }
        judge.forgive(Identity.name(serial).subject)
    }

    private func remove(_ call: ProcedureCall) async throws -> Value {
        try await store.removeSecrets(of: try call.string(required: "serial"))
        return [:]
    }

    /// `serial`, `app_key`, `stage`, `epoch` → `authid`, `secret`: the same as often as it is asked.
    private func appSecret(_ call: ProcedureCall) async throws -> Value {
        let serial = try call.string(required: "serial")
        let stage: Stage = try call.choice(required: "stage")
        guard let appKey = try call.integer("app_key", in: 1 ... .max),
            let epoch = try call.integer("epoch", in: 1 ... .max)
        else { throw WAMPError.invalidArgument("app_key", "app_key and epoch: expected whole numbers.") }
        guard let secrets = try await store.secrets(of: serial) else {
            throw WAMPError.notFound("serial", "No secret is kept for \(serial); run `gantry device rotate`.")
        }
        try await forgive(serial)
        return [
            "authid": .string(AppSecret.authid(serial: serial, appKey: appKey, stage: stage, epoch: epoch)),
            "secret": .string(
                AppSecret.derive(
                    appKeyMaterial: secrets.appKeyMaterial, serial: serial, appKey: appKey, stage: stage,
                    epoch: epoch)),
        ]
    }

    /// `name` → `swarm_key`: the project that a caller's account is limited to, null for all of them.
    private func scope(_ call: ProcedureCall) async throws -> Value {
        let name = try call.string(required: "name")
        guard let person = try await store.person(name) else {
            throw WAMPError.notFound("name", "There is no user \(name).")
        }
        return ["swarm_key": person.swarmKey.map(Value.integer) ?? .null]
    }
}
