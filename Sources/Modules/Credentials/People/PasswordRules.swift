/// What a password must be. Length over letters of every kind: people then choose sentences instead of `Passw0rd!`.
enum PasswordRules {
    static let charactersMin = 12
    /// Bounds the work of hashing, not anybody's imagination.
    static let bytesMax = 256

    /// Why a password cannot be used, as a sentence; nil when it can.
    static func objection(to password: String, of name: String) -> String? {
        if password.utf8.count > bytesMax { return "The password is longer than \(bytesMax) bytes." }
        if password.count < charactersMin { return "The password must have at least \(charactersMin) characters." }
        let folded = password.lowercased()
        if Set(folded).count < 5 { return "The password repeats itself; use at least five different characters." }
        if name.count >= 3, folded.contains(name.lowercased()) { return "The password must not contain the name." }
        if commonStems.contains(where: { folded.hasPrefix($0) && folded.count - $0.count <= 6 }) {
            return "The password is one of those that everybody tries first."
        }
        return nil
    }

    /// What the usual lists begin with, once they are asked for twelve characters: a stem and a few digits.
    private static let commonStems = [
        "password", "passwort", "passw0rd", "p@ssw0rd", "administrator", "qwertyuiop", "qwertzuiop", "qwerty123456",
        "123456789", "1234567890", "0123456789", "iloveyou", "letmein", "welcome", "willkommen", "changeme", "gantry",
        "abcdefgh", "abc123", "1q2w3e4r5t", "1qaz2wsx", "operator", "ironflock",
    ]
}
