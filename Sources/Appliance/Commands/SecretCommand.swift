// What a principal of gantry.yml authenticates with, made here and printed as the lines to put there. Nothing is kept,
// and no server is asked.

import ArgumentParser
import Authentication

struct SecretCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Make what a principal of a realm in gantry.yml authenticates with.",
        subcommands: [Ticket.self, ChallengeResponse.self, SCRAM.self, Cryptosign.self])

    struct Ticket: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A ticket, or an unsalted secret for WAMP-CRA.")

        func run() throws { YAMLLines.print([("ticket", TimeAndChance.system.secret())]) }
    }

    struct ChallengeResponse: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "wampcra", abstract: "The salted key of a password, for WAMP-CRA.")
        @Option(help: "Rounds of PBKDF2.") var iterations = 100_000
        @Option(help: "Bytes of the key.") var keylen = 32
        @Option(help: "A file whose first line is the password; - is standard input.") var passwordFile: String?

        func run() throws {
            let salt = Base64URL.encode(TimeAndChance.system.randomBytes(16))
            let salting = Authentication.ChallengeResponse.Salting(
                salt: salt, iterations: iterations, keyLength: keylen)
            let password = try Password.new(for: "the principal", file: passwordFile)
            guard let key = salting.key(of: password) else {
                throw CommandError(
                    .usage,
                    "--iterations: expected \(text(Authentication.ChallengeResponse.Salting.iterationsRange)); --keylen: "
                        + "expected \(text(Authentication.ChallengeResponse.Salting.keyLengthRange))")
            }
            YAMLLines.print([
                ("secret", "\"\(key)\""), ("salt", salt), ("iterations", "\(iterations)"), ("keylen", "\(keylen)"),
            ])
        }
    }

    struct SCRAM: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "scram", abstract: "What the router keeps of a password, for WAMP-SCRAM.",
            discussion: "--kdf argon2id-13 is for clients that use Autobahn, which has a dialect of its own.")
        @Option(help: "pbkdf2, argon2id13 or argon2id-13.") var kdf = SCRAMDerivation.Function.argon2id
        @Option(help: "Rounds; 3 of Argon2 and 100000 of PBKDF2 when left out.") var iterations: Int?
        @Option(help: "KiB, of Argon2.") var memory = 65_536
        @Option(help: "A file whose first line is the password; - is standard input.") var passwordFile: String?

        func run() throws {
            let derivation = SCRAMDerivation(
                function: kdf, iterations: iterations ?? (kdf == .pbkdf2 ? 100_000 : 3),
                memory: kdf == .pbkdf2 ? nil : memory)
            let password = try Password.new(for: "the principal", file: passwordFile)
            let salt = TimeAndChance.system.randomBytes(16)
            guard let credential = SCRAMCredential(password: password, derivation: derivation, salt: salt) else {
                throw CommandError(
                    .usage,
                    "--iterations: expected \(text(SCRAMDerivation.iterationsRange(of: kdf))); --memory: expected "
                        + "\(text(SCRAMDerivation.memoryRange)); the password: letters, digits, signs, no control "
                        + "characters, nothing newer than Unicode 3.2, such as emoji (RFC 4013)")
            }
            var lines = [("kdf", kdf.rawValue), ("iterations", "\(derivation.iterations)")]
            if let memory = derivation.memory { lines.append(("memory", "\(memory)")) }
            YAMLLines.print(
                lines + [
                    ("salt", "\"\(Hexadecimal.encode(credential.salt))\""),
                    ("stored_key", "\"\(Hexadecimal.encode(credential.storedKey))\""),
                    ("server_key", "\"\(Hexadecimal.encode(credential.serverKey))\""),
                ])
        }
    }

    struct Cryptosign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A key pair for cryptosign. The private key is for the client, and shown this once.")

        func run() throws {
            let seed = TimeAndChance.system.randomBytes(32)
            guard let key = RouterKey(seed: seed) else { throw CommandError(.failed, "no key could be made") }
            print("# for the client: \(Hexadecimal.encode(seed))")
            YAMLLines.print([("authorized_keys", "[\"\(key.publicKey)\"]")])
        }
    }
}

private func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound)…\(range.upperBound)" }

/// Lines to put under a principal's name.
private enum YAMLLines {
    static func print(_ lines: [(key: String, value: String)]) {
        for (key, value) in lines { Swift.print("\(key): \(value)") }
    }
}

extension SCRAMDerivation.Function: ExpressibleByArgument {}
