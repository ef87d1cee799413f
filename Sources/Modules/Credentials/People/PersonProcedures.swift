// `gantry.user.…` on the admin realm: the command line's and the UI's verbs for accounts. Who may call them is
// refused before it gets here (RolePermissions); what they do is written down in the log with who asked for it.

import Authentication
import Logging
import ModuleKit
import WAMP

struct PersonProcedures: Sendable {
    let store: CredentialStore
    let hasher: PasswordHasher
    let judge: any AttemptJudging
    let time: TimeAndChance
    /// Finds a project by its name or key: answers with its swarm key, throws what the provisioner throws.
    let project: @Sendable (_ name: String) async throws -> Int64
    let disconnect: @Sendable (_ name: String) async -> Void
    let logger: Logger

    /// Every verb and what answers it.
    var all: [(String, @Sendable (ProcedureCall) async throws -> Value)] {
        [
            ("gantry.user.add", add), ("gantry.user.list", list), ("gantry.user.lock", { try await lock($0, true) }),
            ("gantry.user.unlock", { try await lock($0, false) }), ("gantry.user.remove", remove),
            ("gantry.user.set_role", setRole), ("gantry.user.set_password", setPassword),
        ]
    }

    /// Without a password one is made up, shown in the answer this once, and must be changed at the first sign-in.
    private func add(_ call: ProcedureCall) async throws -> Value {
        let name = try name(call)
        let role: Role = try call.choice(required: "role")
        let swarmKey: Int64? =
            if let project = try call.string("project") { try await self.project(project) } else { nil }
        let (password, isGenerated) = try password(call, name)
        let mustChange = try call.bool("must_change_password") ?? isGenerated
        let hash = try await hashed(password)
        let person = Person(
            name: name, role: role, swarmKey: swarmKey, isLocked: false, mustChangePassword: mustChange,
            generation: time.generation())
        try await changing(name) { try await store.add(person, password: hash, at: time.wallSeconds()) }
        judge.forgive(name)
        note("account added", call, person)
        return describe(person, isGenerated ? ["password": .string(password)] : [:])
    }

    private func list(_ call: ProcedureCall) async throws -> Value {
        .list(try await store.people().map { describe($0) })
    }

    private func lock(_ call: ProcedureCall, _ isLocked: Bool) async throws -> Value {
        let name = try name(call)
        let generation = time.generation()
        let person = try await changing(name) {
            try await store.change(name) { person in
                person.isLocked = isLocked
                person.generation = generation
            }
        }
        if isLocked { await disconnect(name) } else { judge.forgive(name) }
        note(isLocked ? "account locked" : "account unlocked", call, person)
        return describe(person)
    }

    private func remove(_ call: ProcedureCall) async throws -> Value {
        let name = try name(call)
        try await changing(name) { try await store.removePerson(name) }
        await disconnect(name)
        logger.notice(
            "account removed", metadata: .facts([.subject: name, .by: call.callerAuthID ?? "unknown"]))
        return ["name": .string(name)]
    }

    private func setRole(_ call: ProcedureCall) async throws -> Value {
        let name = try name(call)
        let role: Role = try call.choice(required: "role")
        let project = try call.string("project")
        let swarmKey: Int64? = if let project { try await self.project(project) } else { nil }
        // `project: null` lifts the limit, no `project` at all leaves it as it is.
        let changesScope = call.argumentsKw["project"] != nil
        let generation = time.generation()
        let person = try await changing(name) {
            try await store.change(name) { person in
                person.role = role
                if changesScope { person.swarmKey = swarmKey }
                person.generation = generation
            }
        }
        // Permissions are given at the join: the session has to come back for the new ones.
        await disconnect(name)
        note("role changed", call, person)
        return describe(person)
    }

    private func setPassword(_ call: ProcedureCall) async throws -> Value {
        let name = try name(call)
        let (password, isGenerated) = try password(call, name)
        let mustChange = try call.bool("must_change_password") ?? isGenerated
        let hash = try await hashed(password)
        let generation = time.generation()
        let person = try await changing(name) {
            try await store.change(name, password: hash) { person in
                person.mustChangePassword = mustChange
                person.generation = generation
            }
        }
        await disconnect(name)
        judge.forgive(name)
        note("password set", call, person)
        return describe(person, isGenerated ? ["password": .string(password)] : [:])
    }
}

extension PersonProcedures {
    private func name(_ call: ProcedureCall) throws(WAMPError) -> String {
        guard let name = PersonName.normalized(try call.string(required: "name")) else {
            throw .invalidArgument("name", "name: expected \(PersonName.rule).")
        }
        return name
    }

    private func password(_ call: ProcedureCall, _ name: String) throws(WAMPError) -> (String, isGenerated: Bool) {
        guard let password = try call.string("password") else { return (time.password(), true) }
        if let objection = PasswordRules.objection(to: password, of: name) {
            throw .invalidArgument("password", objection)
        }
        return (password, false)
    }

    private func hashed(_ password: String) async throws -> PasswordHash {
        do {
            return try await hasher.hash(password, salt: time.randomBytes(16))
        } catch is PasswordHasher.Busy {
            throw WAMPError(.unavailable, "Too many passwords are being checked just now; try again.")
        }
    }

    /// Says in the caller's terms why an account could not be changed.
    private func changing<T>(_ name: String, _ change: () async throws -> T) async throws -> T {
        do {
            return try await change()
        } catch let error as PersonChangeError {
            switch error {
            case .notFound: throw WAMPError.notFound("name", "There is no user \(name).")
            case .exists: throw WAMPError.conflict("name", "There is a user \(name) already.")
            case .lastAdministrator:
                throw WAMPError.conflict(
                    "name", "\(name) is the last administrator who can sign in; make another one first.")
            }
        }
    }

    private func describe(_ person: Person, _ more: [String: Value] = [:]) -> Value {
        .dictionary(
            more.merging([
                "name": .string(person.name), "role": .string(person.role.rawValue),
                "swarm_key": person.swarmKey.map(Value.integer) ?? .null, "locked": .bool(person.isLocked),
                "must_change_password": .bool(person.mustChangePassword),
            ]) { $1 })
    }

    private func note(_ what: Logger.Message, _ call: ProcedureCall, _ person: Person) {
        logger.notice(
            what,
            metadata: .facts([
                .subject: person.name, .authrole: person.role.rawValue, .by: call.callerAuthID ?? "unknown",
            ]))
    }
}

extension TimeAndChance {
    /// A password to read out and type in once: 24 letters and digits, 120 bits, without those that look like others.
    func password() -> String {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
        let letters = randomBytes(24).map { alphabet[Int($0 & 31)] }
        return stride(from: 0, to: 24, by: 6).map {
            String(decoding: letters[$0..<($0 + 6)], as: UTF8.self)
        }.joined(separator: "-")
    }
}
