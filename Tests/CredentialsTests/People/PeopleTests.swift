import Authentication
import Foundation
import Testing

@testable import Credentials

@Suite struct SessionTokenTests {
    let signer = TokenSigner(Array(repeating: 9, count: 32))
    let claims = TokenClaims(name: "vera", generation: 42, expires: 1_795_233_600, id: Array(0..<16))

    @Test func `a token says what was signed`() {
        let token = signer.sign(claims)
        #expect(signer.read(token) == claims)
        #expect(token.hasPrefix("g1.dmVyYQ.42.1795233600.AAECAwQFBgcICQoLDA0ODw."))
    }

    @Test func `no letter of a token can be changed, left out or added`() {
        let token = Array(signer.sign(claims).unicodeScalars)
        for index in token.indices {
            for other in ["A", "B", "_", ".", "0", "=", " "] as [Unicode.Scalar] where other != token[index] {
                var changed = token
                changed[index] = other
                #expect(signer.read(Self.text(changed)) == nil)
                changed = token
                changed.insert(other, at: index)
                #expect(signer.read(Self.text(changed)) == nil)
            }
            #expect(signer.read(Self.text(Array(token[..<index]))) == nil)
        }
    }

    private static func text(_ scalars: [Unicode.Scalar]) -> String { String(String.UnicodeScalarView(scalars)) }

    @Test(arguments: ["", ".", "g1", "g1.....", "g2.dmVyYQ.42.1.AA.AA", String(repeating: "A.", count: 10_000), "ü.ü"])
    func `what was not signed is nothing`(token: String) {
        #expect(signer.read(token) == nil)
    }

    @Test func `another key's token is nothing`() {
        #expect(TokenSigner(Array(repeating: 8, count: 32)).read(signer.sign(claims)) == nil)
    }

    @Test func `a token ends with its hour, its account's next change, its signing out`() async throws {
        let workshop = try await Workshop()
        func isValid(_ token: String) async -> Bool { await workshop.signIn.owner(of: token) != nil }
        let first = try await workshop.token(of: "vera")
        #expect(await isValid(first))
        workshop.time.advance(seconds: 3599)
        #expect(await isValid(first))
        workshop.time.advance(seconds: 1)
        #expect(await !isValid(first))

        let (second, third) = (try await workshop.token(of: "vera"), try await workshop.token(of: "vera"))
        try await workshop.signIn.signOut(token: second)
        #expect(await !isValid(second))
        #expect(await isValid(third))
        await #expect(throws: SignInRefusal.refused) { try await workshop.signIn.signOut(token: second) }

        _ = try await workshop.store.change("vera") { $0.generation += 1 }
        #expect(await !isValid(third))
        let fourth = try await workshop.token(of: "vera")
        try await workshop.store.removePerson("vera")
        #expect(await !isValid(fourth))
    }
}

@Suite struct PasswordHashTests {
    @Test func `the stored text is scrypt's`() throws {
        // Computed with Python's hashlib.scrypt(n=16, r=8, p=1).
        let hash = try PasswordHash(
            password: "correct horse battery staple", salt: Array(0..<16),
            cost: .init(logRounds: 4, blockSize: 8, parallelism: 1))
        #expect(
            hash.description
                == "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$IZMORLo-NKM9sf3dDH1ZCk4hbDj0SQeYfTHU51eMJgU")
        #expect(PasswordHash(hash.description) == hash)
        #expect(hash.matches("correct horse battery staple"))
        #expect(!hash.matches("correct horse battery stapl"))
        #expect(!hash.matches(""))
    }

    @Test func `a letter typed composed or decomposed is the same`() throws {
        let hash = try PasswordHash(password: "J\u{00FC}rgen", salt: Array(0..<16), cost: .token)
        #expect(hash.matches("Ju\u{0308}rgen"))
    }

    @Test(arguments: [
        "", "$", "$scrypt$", "plain", "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$", "$scrypt$ln=4,r=8$AA$AA",
        "$scrypt$ln=63,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$IZMORLo-NKM9sf3dDH1ZCk4hbDj0SQeYfTHU51eMJgU",
        "$scrypt$ln=-4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$IZMORLo-NKM9sf3dDH1ZCk4hbDj0SQeYfTHU51eMJgU",
        "$scrypt$ln=4,r=9999,p=1$AAECAwQFBgcICQoLDA0ODw$IZMORLo-NKM9sf3dDH1ZCk4hbDj0SQeYfTHU51eMJgU",
        "$scrypt$r=8,ln=4,p=1$AAECAwQFBgcICQoLDA0ODw$IZMORLo-NKM9sf3dDH1ZCk4hbDj0SQeYfTHU51eMJgU",
        "$bcrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$IZMORLo-NKM9sf3dDH1ZCk4hbDj0SQeYfTHU51eMJgU",
        "$scrypt$ln=4,r=8,p=1$AAEC$IZMORLo-NKM9sf3dDH1ZCk4hbDj0SQeYfTHU51eMJgU",
    ])
    func `a damaged text is no hash`(text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test func `who comes while too many wait is turned away`() async throws {
        let hasher = PasswordHasher(cost: .init(logRounds: 12, blockSize: 8, parallelism: 1), waitingMax: 2)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<32 {
                group.addTask { (try? await hasher.hash("x", salt: Array(repeating: 0, count: 16))) != nil }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(outcomes.contains(true) && outcomes.contains(false))
        #expect(try await hasher.matches("y", hasher.hash("y", salt: Array(repeating: 0, count: 16)), salt: []))
    }
}

@Suite struct PasswordRulesTests {
    @Test(arguments: [
        "four words make one", "Jürgen fährt Rad", "Tr0ub4dor&3-x-y", "zzyyxxwwvvuu", "пароль для завода",
    ])
    func `a long password of its own is taken`(password: String) {
        #expect(PasswordRules.objection(to: password, of: "vera") == nil)
    }

    @Test(arguments: [
        "", "short", "elevenchars", "aaaaaaaaaaaa", "abababababab", "password1234", "Password1234", "PASSWORT2026!",
        "administrator", "1234567890123", "vera likes it here", "I am VERA Schmidt", "gantrygantry",
        String(repeating: "long and longer ", count: 20),
    ])
    func `a short, common, repeating or borrowed one is not`(password: String) throws {
        let objection = try #require(PasswordRules.objection(to: password, of: "vera"))
        #expect(objection.hasPrefix("The password"))
        #expect(password.isEmpty || !objection.contains(password))
    }
}

@Suite struct PersonNameTests {
    @Test(arguments: [("vera", "vera"), ("Vera", "vera"), ("v.e-r_a9", "v.e-r_a9"), ("V", "v")])
    func `a name is kept in lower case`(text: String, name: String) {
        #expect(PersonName.normalized(text) == name)
    }

    @Test(arguments: [
        "", " ", "9vera", "vera ", "ve ra", "vera@x", "unix:0", "a:b", "jürgen", "ＶＥＲＡ", "ve\u{0}ra", "-v", ".v",
        "../x", "%n%s", "ve\nra", String(repeating: "v", count: 65),
    ])
    func `anything else is none`(text: String) {
        #expect(PersonName.normalized(text) == nil)
    }
}

@Suite struct SignInTests {
    @Test func `name and password give a token`() async throws {
        let workshop = try await Workshop()
        let grant = try await workshop.signIn.signIn(name: "Oskar", password: Workshop.password, address: "a")
        #expect(grant.person.name == "oskar")
        #expect(grant.claims.expires == workshop.time.source.wallSeconds() + 3600)
        #expect(await workshop.signIn.owner(of: grant.token)?.role == .operator)
    }

    @Test func `refusals are alike and take equally long`() async throws {
        let workshop = try await Workshop()
        _ = try await workshop.store.change("vera") { $0.isLocked = true }
        let attempts = [
            ("oskar", "wrong"), ("nobody", Workshop.password), ("vera", Workshop.password), ("", ""), ("ü", "ü"),
            ("oskar", String(repeating: "x", count: 100_000)),
        ]
        for (index, (name, password)) in attempts.enumerated() {
            let before = workshop.time.slept.count
            await #expect(throws: SignInRefusal.refused) {
                _ = try await workshop.signIn.signIn(name: name, password: password, address: "10.0.0.\(index)")
            }
            #expect(Array(workshop.time.slept[before...]) == [.milliseconds(500)], "\(name)")
        }
    }

    @Test func `a hundred guesses at once get five verdicts`() async throws {
        let workshop = try await Workshop()
        let signIn = SignIn(
            store: workshop.store, tokens: workshop.tokens, judge: workshop.judge,
            hasher: PasswordHasher(cost: .token, waitingMax: 1000), time: workshop.time.source, disconnect: { _ in })
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<100 {
                group.addTask { _ = try? await signIn.signIn(name: "vera", password: "guess \(index)", address: "a") }
            }
        }
        await #expect(throws: SignInRefusal.refused) {
            _ = try await signIn.signIn(name: "VERA", password: Workshop.password, address: "a")
        }
        _ = try await signIn.signIn(name: "vera", password: Workshop.password, address: "b")
    }

    @Test func `WAMP and HTTP count together`() async throws {
        let workshop = try await Workshop()
        let authenticator = workshop.authenticator()
        for _ in 0..<3 {
            _ = try await authenticator.join("gantry.admin", "ticket", authid: "vera", secret: "x", address: "a")
        }
        for _ in 0..<2 {
            _ = try? await workshop.signIn.signIn(name: "vera", password: "x", address: "a")
        }
        await #expect(throws: SignInRefusal.refused) {
            _ = try await workshop.signIn.signIn(name: "vera", password: Workshop.password, address: "a")
        }
    }

    @Test func `a changed password ends every token and session of the account but the new one`() async throws {
        let workshop = try await Workshop()
        _ = try await workshop.store.change("vera") { $0.mustChangePassword = true }
        let old = try await workshop.signIn.signIn(name: "vera", password: Workshop.password, address: "a")
        #expect(old.person.mustChangePassword)
        let grant = try await workshop.signIn.changePassword(
            token: old.token, current: Workshop.password, new: "another four words", address: "a")
        #expect(!grant.person.mustChangePassword)
        #expect(await workshop.signIn.owner(of: old.token) == nil)
        #expect(await workshop.signIn.owner(of: grant.token)?.name == "vera")
        #expect(workshop.disconnected.all == ["vera"])
        await #expect(throws: SignInRefusal.refused) {
            _ = try await workshop.signIn.signIn(name: "vera", password: Workshop.password, address: "b")
        }
        _ = try await workshop.signIn.signIn(name: "vera", password: "another four words", address: "b")
    }

    @Test func `a password is changed by its owner, who knows the old one, to a better one`() async throws {
        let workshop = try await Workshop()
        let token = try await workshop.token(of: "vera")
        func change(_ token: String, _ current: String, _ new: String) async -> SignInRefusal? {
            do {
                _ = try await workshop.signIn.changePassword(token: token, current: current, new: new, address: "a")
                return nil
            } catch {
                return error as? SignInRefusal
            }
        }
        #expect(await change("g1.forged", Workshop.password, "another four words") == .refused)
        #expect(await change(token, "wrong", "another four words") == .refused)
        for new in ["short", "password1234", "it is vera again", Workshop.password] {
            guard case .unsuitablePassword = await change(token, Workshop.password, new) else {
                Issue.record("\(new) was taken")
                return
            }
        }
        #expect(workshop.disconnected.all.isEmpty)
        #expect(await workshop.signIn.owner(of: token) != nil)
    }
}
