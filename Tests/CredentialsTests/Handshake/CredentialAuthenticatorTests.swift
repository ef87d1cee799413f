import Foundation
import ModuleKit
import Store
import Testing
import WAMP

@testable import Credentials

@Suite struct CredentialAuthenticatorTests {
    @Test(arguments: [
        "realm1", "realm-3-5", "realm-3-5-PROD", "realm-03-5-prod", "realm-+3-5-prod", "realm-0-5-prod",
        "realm--3-5-prod", "realm-3-5-prod-x", "gantry.admin.x", "", "realm-3-99999999999999999999-prod",
    ])
    func `a realm that is none of ours does not exist`(realm: String) async throws {
        let authenticator = try await Workshop().authenticator()
        #expect(!authenticator.answers(for: realm))
        let outcome = try await authenticator.join(realm, "wampcra", authid: "SER-1", secret: "secret-of-SER-1")
        guard case .denied(.noSuchRealm, _) = outcome else {
            Issue.record("expected no_such_realm, found \(outcome)")
            return
        }
    }

    /// Each refusal after the challenge: the same URI, the same words, the same time.
    @Test func `refusals are alike`() async throws {
        let workshop = try await Workshop()
        let authenticator = workshop.authenticator()
        let token = try await workshop.token(of: "vera")
        let locked = try await workshop.token(of: "ada")
        _ = try await workshop.store.change("vera") { $0.role = .admin }
        _ = try await workshop.store.change("vera") { $0.isLocked = true }
        _ = try await workshop.store.change("ada") { $0.generation += 1 }
        let attempts = [
            ("realm-3-5-prod", "wampcra", "SER-9", "anything"), ("realm-3-5-prod", "wampcra", "SER-1", "wrong"),
            ("realm-3-5-prod", "wampcra", "SER-4", "secret-of-SER-4"),
            ("realm-3-6-prod", "wampcra", "SER-1", "secret-of-SER-1"),
            ("realm-3-5-prod", "wampcra", "app-5-prod-e2@SER-9", "x"), ("realm-3-5-prod", "wampcra", "", ""),
            ("realm-3-5-prod", "ticket", "SER-1", "wrong"), ("realm-3-5-prod", "ticket", "vera", token),
            ("realm-3-5-prod", "ticket", "vera", "g1.x"), ("gantry.admin", "ticket", "vera", token),
            ("gantry.admin", "ticket", "ada", locked), ("gantry.admin", "ticket", "nobody", "x"),
            ("gantry.admin", "ticket", "SER-1", "secret-of-SER-1"),
        ]
        for (index, (realm, method, authid, secret)) in attempts.enumerated() {
            let before = workshop.time.slept.count
            let outcome = try await authenticator.join(
                realm, method, authid: authid, secret: secret, address: "10.1.0.\(index)")
            #expect(outcome == .refused, "\(realm) \(method) \(authid)")
            #expect(
                Array(workshop.time.slept[before...]) == [.milliseconds(500)], "\(realm) \(method) \(authid)")
        }
    }

    @Test func `the challenge of somebody unknown is made as anybody's`() async throws {
        let authenticator = try await Workshop().authenticator()
        var shapes: Set<[String]> = []
        for authid in ["SER-1", "SER-4", "SER-9"] {
            let request = AuthenticationRequest(
                realm: "realm-3-5-prod", session: SessionID(1), authmethods: ["wampcra"], authid: authid,
                authrole: nil, authextra: [:],
                peer: PeerIdentity(address: "10.0.0.1", isLoopback: false, isEncrypted: true))
            guard case .challenge("wampcra", let extra, _) = await authenticator.authenticate(request) else {
                Issue.record("expected a challenge")
                return
            }
            #expect(Array(extra.keys) == ["challenge"])
            let text = try #require(extra["challenge"]?.string)
            let members = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            shapes.insert(try #require(members).keys.sorted() + [members?["authrole"] as? String ?? ""])
        }
        #expect(shapes.count == 1)
    }

    @Test func `after five failures the right secret is refused too, for a quarter of an hour, at this address`()
        async throws
    {
        let workshop = try await Workshop()
        let authenticator = workshop.authenticator()
        for epoch in 0..<5 {
            let authid = "app-5-prod-e\(epoch + 3)@ser-1"
            #expect(try await authenticator.join("realm-3-5-prod", "wampcra", authid: authid, secret: "x") == .refused)
        }
        func join(_ address: String) async throws -> Outcome {
            try await authenticator.join(
                "realm-3-5-prod", "wampcra", authid: "SER-1", secret: "secret-of-SER-1", address: address)
        }
        #expect(try await join("10.0.0.9") == .refused)
        #expect(try await join("10.0.0.8").principal != nil)
        workshop.time.advance(seconds: 900)
        #expect(try await join("10.0.0.9").principal != nil)
    }

    @Test func `a device that comes back with its right secret is never held up`() async throws {
        let workshop = try await Workshop()
        let authenticator = workshop.authenticator()
        for _ in 0..<50 {
            let outcome = try await authenticator.join(
                "realm-3-5-prod", "wampcra", authid: "SER-1", secret: "secret-of-SER-1")
            #expect(outcome.principal != nil)
        }
        #expect(workshop.time.slept.isEmpty)
    }

    @Test func `an expired token, again and again, does not lock its owner out`() async throws {
        let workshop = try await Workshop()
        let authenticator = workshop.authenticator()
        let token = try await workshop.signIn.signIn(
            name: "vera", password: Workshop.password, address: "10.0.0.9"
        ).token
        workshop.time.advance(seconds: 3600)
        for _ in 0..<20 {
            #expect(try await authenticator.join("gantry.admin", "ticket", authid: "vera", secret: token) == .refused)
        }
        let fresh = try await workshop.signIn.signIn(
            name: "vera", password: Workshop.password, address: "10.0.0.9"
        ).token
        #expect(
            try await authenticator.join("gantry.admin", "ticket", authid: "vera", secret: fresh).principal != nil)
    }

    @Test func `a session ends with the token that opened it`() async throws {
        let workshop = try await Workshop()
        let authenticator = workshop.authenticator()
        let token = try await workshop.token(of: "vera")
        workshop.time.advance(seconds: 1800)
        let later = try await workshop.token(of: "vera")
        for ticket in [token, later] {
            _ = try await authenticator.join("gantry.admin", "ticket", authid: "vera", secret: ticket)
        }
        let ada = try await workshop.token(of: "ada")
        workshop.time.advance(seconds: 1799)
        await workshop.expiry.endWhatIsDue()
        #expect(workshop.disconnected.all.isEmpty)
        workshop.time.advance(seconds: 1)
        await workshop.expiry.endWhatIsDue()
        await workshop.expiry.endWhatIsDue()
        #expect(workshop.disconnected.all == ["vera"])
        #expect(
            try await authenticator.join("gantry.admin", "ticket", authid: "vera", secret: later).principal != nil)
        #expect(try await authenticator.join("gantry.admin", "ticket", authid: "ada", secret: ada).principal != nil)
        workshop.time.advance(seconds: 1800)
        await workshop.expiry.endWhatIsDue()
        #expect(workshop.disconnected.all == ["vera", "ada", "vera"])
    }

    @Test func `a token is for its owner, in any case or without a name`() async throws {
        let workshop = try await Workshop()
        let authenticator = workshop.authenticator()
        let token = try await workshop.token(of: "vera")
        for (authid, isRight) in [
            ("vera", true), ("Vera", true), (nil, true), ("", true), ("ada", false), ("ü", false),
        ] {
            let outcome = try await authenticator.join("gantry.admin", "ticket", authid: authid, secret: token)
            #expect((outcome.principal?.authid == "vera") == isRight, "\(authid ?? "nil")")
        }
    }

    @Test func `who must change the password is told so, and joins nothing before`() async throws {
        let workshop = try await Workshop()
        _ = try await workshop.store.change("vera") { $0.mustChangePassword = true }
        let token = try await workshop.token(of: "vera")
        let outcome = try await workshop.authenticator().join("gantry.admin", "ticket", authid: "vera", secret: token)
        guard case .denied(.authenticationDenied, let message) = outcome else {
            Issue.record("expected a denial, found \(outcome)")
            return
        }
        #expect(message.contains("/api/password"))
    }

    @Test func `root and group gantry administer over the unix socket, nobody else without a token`() async throws {
        let workshop = try await Workshop()
        let local = workshop.authenticator(isLocalAdministrator: true)
        let principal = try await local.join("gantry.admin", "unix", authid: nil, unixUser: 0).principal
        #expect(principal?.authid == "unix:0")
        #expect(principal?.authrole == "admin")
        #expect(principal?.permissions.allows(.call, "gantry.user.add") == true)
        guard case .denied(.noMatchingAuthMethod, _) = try await local.join("realm-3-5-prod", "unix", authid: nil)
        else {
            Issue.record("the unix socket opens gantry.admin alone")
            return
        }
        let stranger = workshop.authenticator(isLocalAdministrator: false)
        guard case .denied(.noMatchingAuthMethod, _) = try await stranger.join("gantry.admin", "unix", authid: nil)
        else {
            Issue.record("expected no_matching_auth_method")
            return
        }
    }

    @Test func `anonymous is off, and where it is on it looks and does not touch`() async throws {
        let workshop = try await Workshop()
        for realm in Workshop.realms {
            guard
                case .denied(.noMatchingAuthMethod, _) = try await workshop.authenticator().join(
                    realm, "anonymous", authid: nil)
            else {
                Issue.record("\(realm) lets anybody in")
                return
            }
        }
        let open = workshop.authenticator(.init(anonymousRole: .viewer))
        let principal = try await open.join("realm-3-5-prod", "anonymous", authid: "ada").principal
        #expect(principal?.authrole == "viewer")
        #expect(principal?.authid.hasPrefix("anonymous:") == true)
        #expect(principal?.permissions.allows(.call, "alarms.acknowledge") == false)
        guard case .denied(.noMatchingAuthMethod, _) = try await open.join("gantry.admin", "anonymous", authid: nil)
        else {
            Issue.record("gantry.admin lets anybody in")
            return
        }
    }

    @Test(arguments: [
        (["wampcra", "ticket"], AuthMethod.wampcra), (["ticket", "wampcra"], .ticket),
        (["cryptosign", "ticket"], .ticket),
        (["cryptosign"], nil), (["WAMPCRA"], nil), ([], nil), (["anonymous"], nil), (["unix"], nil),
    ])
    func `the client's first method that the realm has is taken`(wanted: [String], chosen: AuthMethod?) {
        let offered = AuthMethod.offered(
            in: .app(AppRealm(swarmKey: 3, appKey: 5, stage: .prod)), isLocalAdministrator: true,
            allowsAnonymous: false)
        #expect(AuthMethod.choose(wanted, among: offered) == chosen)
    }

    @Test func `nobody is admitted when the provisioner or the database does not answer`() async throws {
        let workshop = try await Workshop()
        let blind = CredentialAuthenticator(
            policy: .init(allowsLegacyDevices: true), store: workshop.store, tokens: workshop.tokens,
            expiry: workshop.expiry,
            judge: workshop.judge, time: workshop.time.source, devices: { _ in nil },
            isLocalAdministrator: { _ in false }, logger: silence)
        #expect(
            try await blind.join("realm-3-5-prod", "wampcra", authid: "SER-1", secret: "secret-of-SER-1") == .refused)
        let token = try await workshop.token(of: "ada")
        try workshop.store.file.close()
        let authenticator = workshop.authenticator()
        #expect(
            try await authenticator.join("realm-3-5-prod", "wampcra", authid: "SER-1", secret: "secret-of-SER-1")
                == .refused)
        #expect(try await authenticator.join("gantry.admin", "ticket", authid: "ada", secret: token) == .refused)
    }
}

@Suite struct UnixPeersTests {
    private func peer(user: UInt32?, group: UInt32? = 4_000_000) -> PeerIdentity {
        PeerIdentity(address: "unix", isLoopback: true, isEncrypted: false, unixUser: user, unixGroup: group)
    }

    @Test func `root and the daemon's own user administer`() {
        #expect(UnixPeers.isAdministrator(peer(user: 0), group: "no-such-group", owner: 997))
        #expect(UnixPeers.isAdministrator(peer(user: 997), group: "no-such-group", owner: 997))
    }

    @Test func `a member of the group administers, a stranger does not`() {
        // Group root, 0, is on every system.
        #expect(UnixPeers.isAdministrator(peer(user: 4_000_000, group: 0), group: "root", owner: 997))
        #expect(!UnixPeers.isAdministrator(peer(user: 4_000_000), group: "root", owner: 997))
        #expect(!UnixPeers.isAdministrator(peer(user: 4_000_000, group: 0), group: "no-such-group", owner: 997))
    }

    @Test func `a peer without credentials of the kernel is nobody`() {
        #expect(!UnixPeers.isAdministrator(peer(user: nil, group: 0), group: "root", owner: 997))
    }
}
