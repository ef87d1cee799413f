import Authentication

/// Whether a token is worth anything now.
enum TokenStanding: Sendable, Hashable {
    case valid(Person)
    /// Expired, signed out, or of an account that was locked, changed or removed since.
    case worthless
}

/// Issues people's session tokens and judges them.
struct SessionTokens: Sendable {
    let signer: TokenSigner
    private let store: CredentialStore
    private let time: TimeAndChance
    private let lifetimeSeconds: Int64

    init(signer: TokenSigner, store: CredentialStore, time: TimeAndChance, lifetimeSeconds: Int64) {
        self.signer = signer
        self.store = store
        self.time = time
        self.lifetimeSeconds = lifetimeSeconds
    }

    func issue(for person: Person) -> (token: String, claims: TokenClaims) {
        let claims = TokenClaims(
            name: person.name, generation: person.generation, expires: time.wallSeconds() + lifetimeSeconds,
            id: time.randomBytes(16))
        return (signer.sign(claims), claims)
    }

    /// - Parameter claims: of a token whose signature was right.
    func standing(of claims: TokenClaims) async -> TokenStanding {
        guard time.wallSeconds() < claims.expires,
            // A database that does not answer is no reason to believe a token.
            (try? await store.isTokenEnded(claims.id)) == false,
            let person = try? await store.person(claims.name), !person.isLocked,
            person.generation == claims.generation
        else { return .worthless }
        return .valid(person)
    }

    /// Signing out: this token is worth nothing from now on.
    func end(_ claims: TokenClaims) async throws {
        try await store.endToken(claims.id, expires: claims.expires, now: time.wallSeconds())
    }
}
