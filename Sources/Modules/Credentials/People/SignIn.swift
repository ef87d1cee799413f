// Names and passwords: signing in, out, and changing one's password. HTTP is around it (SignInRoutes), not in it.

import Authentication
import ModuleKit

/// A token and what its owner may know about it.
struct TokenGrant: Sendable, Hashable {
    var token: String
    var claims: TokenClaims
    var person: Person
}

enum SignInRefusal: Error, Sendable, Hashable {
    /// Unknown name, wrong password, locked account, too many attempts, worthless token: nobody learns which.
    case refused
    /// The new password cannot be used; the sentence says why.
    case unsuitablePassword(String)
    /// Too many are signing in just now.
    case busy
}

struct SignIn: Sendable {
    private let store: CredentialStore
    private let tokens: SessionTokens
    private let judge: any AttemptJudging
    private let hasher: PasswordHasher
    private let time: TimeAndChance
    /// Ends the sessions of an account whose credential has changed.
    private let disconnect: @Sendable (_ name: String) async -> Void

    init(
        store: CredentialStore, tokens: SessionTokens, judge: any AttemptJudging, hasher: PasswordHasher,
        time: TimeAndChance, disconnect: @escaping @Sendable (_ name: String) async -> Void
    ) {
        self.store = store
        self.tokens = tokens
        self.judge = judge
        self.hasher = hasher
        self.time = time
        self.disconnect = disconnect
    }

    func signIn(name: String, password: String, address: String) async throws -> TokenGrant {
        let person = try await verify(name: name, password: password, address: address)
        return grant(person)
    }

    /// Changes the password of the token's owner and ends every other session and token of the account.
    ///
    /// - Returns: a new token: the change has ended the old one as well.
    func changePassword(
        token: String, current: String, new: String, address: String
    ) async throws -> TokenGrant {
        guard let owner = await owner(of: token) else { throw SignInRefusal.refused }
        let verified = try await verify(name: owner.name, password: current, address: address)
        if let objection = PasswordRules.objection(to: new, of: verified.name) {
            throw SignInRefusal.unsuitablePassword(objection)
        }
        if new == current { throw SignInRefusal.unsuitablePassword("The new password is the old one.") }
        let hash = try await hashed { try await hasher.hash(new, salt: time.randomBytes(16)) }
        let generation = time.generation()
        let person = try await store.change(verified.name, password: hash) { person in
            person.mustChangePassword = false
            person.generation = generation
        }
        await disconnect(person.name)
        return grant(person)
    }

    /// - Throws: `.refused` when the token was worth nothing already.
    func signOut(token: String) async throws {
        guard let claims = tokens.signer.read(token), case .valid = await tokens.standing(of: claims) else {
            throw SignInRefusal.refused
        }
        try await tokens.end(claims)
        // Sessions of other tokens of the account come back at once.
        await disconnect(claims.name)
    }

    /// Who shows this token; nil when it is worth nothing.
    func owner(of token: String) async -> Person? {
        guard let claims = tokens.signer.read(token), case .valid(let person) = await tokens.standing(of: claims) else {
            return nil
        }
        return person
    }

    private func verify(name: String, password: String, address: String) async throws -> Person {
        let start = judge.begin()
        let normalized = PersonName.normalized(name)
        let account: (person: Person, password: PasswordHash)? =
            if let normalized { try await store.account(normalized) } else { nil }
        let isBearable = password.utf8.count <= PasswordRules.bytesMax
        let matches = try await hashed {
            try await hasher.matches(isBearable ? password : "", account?.password, salt: time.randomBytes(16))
        }
        let isRight = matches && isBearable && account?.person.isLocked == false
        let isAccepted = await judge.verdict(isRight, from: address, on: normalized ?? name, since: start)
        guard isAccepted, let account else { throw SignInRefusal.refused }
        return account.person
    }

    private func grant(_ person: Person) -> TokenGrant {
        let (token, claims) = tokens.issue(for: person)
        return TokenGrant(token: token, claims: claims, person: person)
    }

    private func hashed<T>(_ work: () async throws -> T) async throws -> T {
        do {
            return try await work()
        } catch is PasswordHasher.Busy {
            throw SignInRefusal.busy
        }
    }
}

extension TimeAndChance {
    /// A new value for `Person.generation`.
    func generation() -> Int64 {
        randomBytes(8).reduce(into: Int64(0)) { $0 = $0 &<< 8 | Int64($1) } & .max
    }
}
