import Authentication
import ModuleKit
import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Cookie-based Authentication".
@Suite struct BrowserCookiesTests {
    private let room: HandshakeRoom
    init() throws {
        room = try HandshakeRoom(
            """
            cookie: {max_age: 1h}
            ticket: {principals: {joe: {ticket: s3cret, role: guest}}}
            """)
    }

    private func peer(_ cookie: String?, isEncrypted: Bool = true) -> PeerIdentity {
        var peer = HandshakeRoom.lan
        peer.cookie = cookie
        peer.isEncrypted = isEncrypted
        return peer
    }

    private func visit(_ cookie: String?, _ methods: [String] = ["cookie"]) async throws -> Outcome {
        try await room.join(room.request(methods, nil, peer: peer(cookie)))
    }

    private func signIn(_ cookie: String) async throws {
        let request = room.request(["cookie", "ticket"], "joe", peer: peer(cookie))
        let outcome = try await room.join(request) { _, _ in "s3cret" }
        #expect(outcome.principal?.authmethod == "ticket")
    }

    @Test func `a browser that has authenticated is known again, for a while`() async throws {
        let issued = try #require(room.realms.cookies.issue(isEncrypted: true))
        #expect(
            issued.header
                == "__Host-gantry=\(issued.value); Path=/; Max-Age=3600; HttpOnly; SameSite=Strict; Secure")
        let cookie = try #require(
            room.realms.cookies.cookie(in: "a=b; __Host-gantry=\(issued.value)", isEncrypted: true))
        #expect(try await visit(cookie) == .refused)
        try await signIn(cookie)
        let principal = try await visit(cookie).principal
        #expect(principal?.authid == "joe" && principal?.authrole == "guest" && principal?.authmethod == "cookie")
        room.time.advance(.seconds(3601))
        #expect(try await visit(cookie) == .refused)
    }

    @Test func `nobody can make a cookie up`() async throws {
        let issued = try #require(room.realms.cookies.issue(isEncrypted: true)).value
        var letters = Array(issued)
        letters[3] = letters[3] == "A" ? "B" : "A"
        for other in ["", "A", String(letters), issued + "A", String(repeating: "A", count: 43)] {
            #expect(room.realms.cookies.cookie(in: "__Host-gantry=\(other)", isEncrypted: true) == nil)
            let request = room.request(["ticket"], "joe", peer: peer(other))
            _ = try await room.join(request) { _, _ in "s3cret" }
            #expect(try await visit(other) == .refused)
        }
    }

    @Test(arguments: ["", "a=b;", "a;=;;b=;", "__Host-gantry=x; ", "a=\u{301};\u{301}; "])
    func `a cookie is found among others, whatever they are`(others: String) throws {
        let issued = try #require(room.realms.cookies.issue(isEncrypted: true)).value
        let header = "\(others)__Host-gantry=\(issued);\u{301}\(others)"
        #expect(room.realms.cookies.cookie(in: header, isEncrypted: true) == issued)
    }

    @Test func `a cookie of a plain page is none of an encrypted one`() async throws {
        let plain = try #require(room.realms.cookies.issue(isEncrypted: false))
        #expect(plain.header.hasPrefix("gantry=\(plain.value); ") && !plain.header.contains("Secure"))
        #expect(room.realms.cookies.cookie(in: "__Host-gantry=\(plain.value)", isEncrypted: true) == nil)
        #expect(room.realms.cookies.cookie(in: "gantry=\(plain.value)", isEncrypted: true) == nil)
        #expect(room.realms.cookies.cookie(in: "gantry=\(plain.value)", isEncrypted: false) == plain.value)
        try await signIn(plain.value)
        #expect(try await visit(plain.value) == .refused)
    }

    @Test func `after wamp.close.logout it is worth nothing`() async throws {
        let cookie = try #require(room.realms.cookies.issue(isEncrypted: true)).value
        try await signIn(cookie)
        room.realms.signedOut(peer(cookie), of: HandshakeRoom.realm)
        #expect(try await visit(cookie) == .refused)
    }

    @Test func `no realm with cookies, no cookies`() throws {
        let room = try HandshakeRoom("ticket: {principals: {joe: {ticket: s3cret, role: guest}}}")
        #expect(room.realms.cookies.issue(isEncrypted: true) == nil)
    }

    @Test func `memory is bounded, and whose time is up first goes first`() throws {
        let time = StandingTime()
        let cookies = BrowserCookies(lifetime: .seconds(3600), time: time.source)
        let identity = GrantedIdentity(authid: "joe", role: "guest", provider: .static)
        let issued = (0...BrowserCookies.holdersMax).compactMap { _ in cookies.issue(isEncrypted: true)?.value }
        for (index, cookie) in issued.enumerated() {
            cookies.remember(identity, by: cookie, in: "r", peer(cookie), for: .seconds(3600 + index))
        }
        #expect(cookies.holder(of: issued[0], in: "r", peer(issued[0])) == nil)
        #expect(cookies.holder(of: issued[1], in: "r", peer(issued[1])) == identity)
        #expect(cookies.holder(of: issued[1], in: "another", peer(issued[1])) == nil)
        let last = issued[BrowserCookies.holdersMax]
        #expect(cookies.holder(of: last, in: "r", peer(last)) == identity)
    }
}
