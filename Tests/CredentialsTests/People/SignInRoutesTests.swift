import Authentication
import Foundation
import ModuleKit
import Synchronization
import Testing

@testable import Credentials

/// The routes that a module has added, without a server around them.
final class RouteTable: HTTPRoutes {
    typealias Answer = @Sendable (HTTPRequest) async -> HTTPResponse
    private let routes = Mutex<[String: Answer]>([:])

    func on(_ method: String, _ path: String, _ answer: @escaping Answer) {
        routes.withLock { $0["\(method) \(path)"] = answer }
    }

    func post(
        _ path: String, _ body: String, headers: [String: String] = [:], isEncrypted: Bool = true,
        isLoopback: Bool = false
    ) async throws -> (status: Int, json: [String: Any], text: String) {
        let answer = try #require(routes.withLock { $0["POST \(path)"] })
        let standard = ["content-type": "application/json", "host": "10.0.0.5:8443"]
        let response = await answer(
            HTTPRequest(
                method: "POST", path: path, headers: standard.merging(headers) { $1 }, body: Array(body.utf8),
                peer: PeerIdentity(address: "10.0.0.9", isLoopback: isLoopback, isEncrypted: isEncrypted)))
        let json = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        return (response.status, json ?? [:], String(decoding: response.body, as: UTF8.self))
    }
}

@Suite struct SignInRoutesTests {
    let workshop: Workshop
    let routes = RouteTable()
    let body = #"{"name": "vera", "password": "\#(Workshop.password)"}"#

    init() async throws {
        workshop = try await Workshop()
        SignInRoutes(workshop.signIn).add(to: routes)
    }

    @Test func `signing in answers with all that the page needs`() async throws {
        let (status, json, _) = try await routes.post("/api/sign-in", body)
        #expect(status == 200)
        #expect(Set(json.keys) == ["token", "expires", "name", "role", "must_change_password"])
        #expect(json["role"] as? String == "viewer")
        #expect(json["must_change_password"] as? Bool == false)
        #expect(json["expires"] as? Int64 == (workshop.time.source.wallSeconds() + 3600) * 1000)
        let limited = try await routes.post(
            "/api/sign-in", #"{"name": "oskar", "password": "\#(Workshop.password)"}"#)
        #expect(limited.json["swarm_key"] as? Int == 3)
    }

    @Test func `wrong, unknown and locked are the same answer, byte for byte`() async throws {
        _ = try await workshop.store.change("erna") { $0.isLocked = true }
        var answers: Set<String> = []
        for (name, password) in [("vera", "wrong"), ("nobody", "wrong"), ("erna", Workshop.password)] {
            let (status, json, text) = try await routes.post(
                "/api/sign-in", #"{"name": "\#(name)", "password": "\#(password)"}"#)
            #expect(status == 401)
            #expect(json["error"] as? String == "wamp.error.authentication_failed")
            answers.insert(text)
        }
        #expect(answers.count == 1)
    }

    @Test func `a person comes in, changes the password and goes out`() async throws {
        func bearer(_ json: [String: Any]) -> [String: String] {
            ["authorization": "Bearer \(json["token"] as? String ?? "")"]
        }
        let first = try await routes.post("/api/sign-in", body).json
        let change = #"{"password": "\#(Workshop.password)", "new_password": "another four words"}"#
        let (status, second, _) = try await routes.post("/api/password", change, headers: bearer(first))
        #expect(status == 200)
        #expect(try await routes.post("/api/sign-out", "", headers: bearer(first)).status == 401)
        #expect(try await routes.post("/api/sign-out", "{}", headers: bearer(second)).status == 204)
        #expect(try await routes.post("/api/sign-out", "", headers: bearer(second)).status == 401)
        #expect(try await routes.post("/api/sign-out", "").status == 401)
    }

    @Test func `an unsuitable password is said to be, in words`() async throws {
        let token = try await workshop.token(of: "vera")
        let (status, json, _) = try await routes.post(
            "/api/password", #"{"password": "\#(Workshop.password)", "new_password": "short"}"#,
            headers: ["authorization": "Bearer \(token)"])
        #expect(status == 422)
        #expect((json["message"] as? String)?.contains("at least 12 characters") == true)
    }

    @Test(
        arguments: [
            (["origin": "https://10.0.0.5:8443"], true, 200), ([:], true, 200),
            (["origin": "https://10.0.0.5:8443", "sec-fetch-site": "same-origin"], true, 200),
            (["sec-fetch-site": "none"], true, 200), (["origin": "HTTPS://10.0.0.5:8443"], true, 200),
            (["origin": "https://evil.example"], true, 403), (["origin": "https://10.0.0.5"], true, 403),
            (["origin": "http://10.0.0.5:8443"], true, 403), (["origin": "null"], true, 403),
            (["origin": "https://10.0.0.5:8443.evil.example"], true, 403), (["origin": ""], true, 403),
            (["sec-fetch-site": "cross-site"], true, 403), (["sec-fetch-site": "same-site"], true, 403),
            (["origin": "https://", "host": ""], true, 403), ([:], false, 403),
            (["content-type": "text/plain"], true, 415), (["content-type": ""], true, 415),
            (["content-type": "application/json; charset=utf-8"], true, 200),
            (["content-type": "application/x-www-form-urlencoded"], true, 415),
        ] as [([String: String], Bool, Int)])
    func `passwords are taken from the own page, as JSON, encrypted`(
        headers: [String: String], isEncrypted: Bool, status: Int
    ) async throws {
        let answer = try await routes.post("/api/sign-in", body, headers: headers, isEncrypted: isEncrypted)
        #expect(answer.status == status)
    }

    @Test func `loopback may do without encryption`() async throws {
        #expect(try await routes.post("/api/sign-in", body, isEncrypted: false, isLoopback: true).status == 200)
        let foreign = ["origin": "http://evil.example"]
        #expect(
            try await routes.post("/api/sign-in", body, headers: foreign, isEncrypted: false, isLoopback: true).status
                == 403)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{}", #"{"name": "vera"}"#, #"{"name": 1, "password": 2}"#,
        #"{"name": "vera", "password": null}"#,
        String(repeating: "[", count: 100_000), "\u{0}", #"{"name": "vera", "password": "x"} trailing"#,
    ])
    func `a body that is none is refused by name`(body: String) async throws {
        let (status, json, text) = try await routes.post("/api/sign-in", body)
        #expect(status == 400)
        #expect(json["error"] as? String == "wamp.error.invalid_argument")
        #expect(!text.contains("vera"))
    }
}
