/// A person's account.
struct Person: Sendable, Hashable {
    /// Normalised; see `PersonName`.
    var name: String
    var role: Role
    /// The one project that the account is limited to; nil is all of them.
    var swarmKey: Int64?
    var isLocked: Bool
    var mustChangePassword: Bool
    /// Drawn anew with every change of password, role, scope or lock: tokens that carry another one are worth nothing.
    /// Random rather than counted, so that an account removed and made again does not revive its old tokens.
    var generation: Int64

    init(
        name: String, role: Role, swarmKey: Int64?, isLocked: Bool, mustChangePassword: Bool, generation: Int64
    ) {
        self.name = name
        self.role = role
        self.swarmKey = swarmKey
        self.isLocked = isLocked
        self.mustChangePassword = mustChangePassword
        self.generation = generation
    }
}

/// What a person may be called.
enum PersonName {
    static let rule = "1 to 64 letters a–z, digits, dots, hyphens and underscores, beginning with a letter"

    /// The name in lower case; nil when it is not one.
    static func normalized(_ text: String) -> String? {
        let name = text.lowercased()
        guard let first = name.utf8.first, (0x61...0x7A).contains(first), name.utf8.count <= 64 else { return nil }
        let isWord = name.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || [0x2D, 0x2E, 0x5F].contains($0)
        }
        return isWord ? name : nil
    }
}
