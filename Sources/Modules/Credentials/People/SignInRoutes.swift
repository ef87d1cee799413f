// Sign-in over HTTP: `POST /api/sign-in`, `/api/password`, `/api/sign-out`. JSON in, JSON out; the token travels in
// the body and in `Authorization: Bearer`, never in a cookie, so that no other site can make a browser send it.

import Authentication
import FoundationEssentials
import ModuleKit
import WAMP

struct SignInRoutes: Sendable {
    private let signIn: SignIn

    init(_ signIn: SignIn) { self.signIn = signIn }

    func add(to routes: any HTTPRoutes) {
        routes.on("POST", "/api/sign-in") { request in
            await self.answer(request, SignInBody.self) { body in
                Self.granted(
                    try await self.signIn.signIn(
                        name: body.name, password: body.password, address: request.peer.address))
            }
        }
        routes.on("POST", "/api/password") { request in
            await self.answer(request, PasswordBody.self) { body in
                guard let token = Self.bearer(request) else { throw SignInRefusal.refused }
                return Self.granted(
                    try await self.signIn.changePassword(
                        token: token, current: body.password, new: body.newPassword, address: request.peer.address))
            }
        }
        routes.on("POST", "/api/sign-out") { request in
            if let objection = Self.objection(to: request, needsJSON: false) { return objection }
            guard let token = Self.bearer(request) else { return Self.refusal(.refused) }
            return await Self.answered {
                try await self.signIn.signOut(token: token)
                return HTTPResponse(status: 204)
            }
        }
    }

    private func answer<Body: RequestBody>(
        _ request: HTTPRequest, _ type: Body.Type, _ work: (Body) async throws -> HTTPResponse
    ) async -> HTTPResponse {
        if let objection = Self.objection(to: request, needsJSON: true) { return objection }
        guard let body = (try? Value.decode(request.body, .json)).flatMap(Body.init) else {
            return Self.problem(400, "wamp.error.invalid_argument", "The body is not the JSON object expected here.")
        }
        return await Self.answered { try await work(body) }
    }

    private static func answered(_ work: () async throws -> HTTPResponse) async -> HTTPResponse {
        do {
            return try await work()
        } catch let refusal as SignInRefusal {
            return Self.refusal(refusal)
        } catch {
            return problem(500, "wamp.error.runtime_error", "The server could not do this; its log says why.")
        }
    }
}

// MARK: Requests

/// What a request asks for; nil when it is not the JSON object expected.
private protocol RequestBody {
    init?(_ value: Value)
}

extension SignInRoutes {
    private struct SignInBody: RequestBody {
        var name: String
        var password: String

        init?(_ value: Value) {
            guard let name = value["name"]?.string, let password = value["password"]?.string else { return nil }
            self.name = name
            self.password = password
        }
    }

    private struct PasswordBody: RequestBody {
        var password: String
        var newPassword: String

        init?(_ value: Value) {
            guard let password = value["password"]?.string, let new = value["new_password"]?.string else { return nil }
            self.password = password
            newPassword = new
        }
    }

    /// Why a request is not looked at: it comes from another site's page, or in the clear over the network.
    static func objection(to request: HTTPRequest, needsJSON: Bool) -> HTTPResponse? {
        guard request.peer.isEncrypted || request.peer.isLoopback || request.peer.unixUser != nil else {
            return problem(403, "wamp.error.not_authorized", "Passwords and tokens are taken over HTTPS only.")
        }
        guard isSameOrigin(request) else {
            return problem(403, "wamp.error.not_authorized", "The request comes from another site's page.")
        }
        guard needsJSON else { return nil }
        let type = request.headers["content-type"]?.split(separator: ";").first?.lowercased() ?? ""
        guard type.trimming(" ") == "application/json" else {
            return problem(415, "wamp.error.invalid_argument", "Content-Type: expected application/json.")
        }
        return nil
    }

    /// Browsers send `Origin` with every POST; what is no browser has no site and sends none.
    static func isSameOrigin(_ request: HTTPRequest) -> Bool {
        if let site = request.headers["sec-fetch-site"], site != "same-origin", site != "none" { return false }
        guard let origin = request.headers["origin"] else { return true }
        guard let host = request.headers["host"], !host.isEmpty else { return false }
        let scheme = request.peer.isEncrypted ? "https://" : "http://"
        return origin.lowercased() == scheme + host.lowercased()
    }

    private static func bearer(_ request: HTTPRequest) -> String? {
        guard let value = request.headers["authorization"], value.lowercased().hasPrefix("bearer ") else { return nil }
        return value.dropFirst("bearer ".count).trimming(" ")
    }
}

// MARK: Answers

extension SignInRoutes {
    private struct Grant: Encodable {
        var token: String
        /// Milliseconds since 1970.
        var expires: Int64
        var name: String
        var role: String
        var swarmKey: Int64?
        var mustChangePassword: Bool

        enum CodingKeys: String, CodingKey {
            case token, expires, name, role
            case swarmKey = "swarm_key"
            case mustChangePassword = "must_change_password"
        }
    }

    private struct Problem: Encodable {
        var error: String
        var message: String
    }

    private static func granted(_ grant: TokenGrant) -> HTTPResponse {
        json(
            200,
            Grant(
                token: grant.token, expires: grant.claims.expires * 1000, name: grant.person.name,
                role: grant.person.role.rawValue, swarmKey: grant.person.swarmKey,
                mustChangePassword: grant.person.mustChangePassword))
    }

    static func refusal(_ refusal: SignInRefusal) -> HTTPResponse {
        switch refusal {
        case .refused: problem(401, "wamp.error.authentication_failed", AttemptJudge.refusal)
        case .unsuitablePassword(let sentence): problem(422, "wamp.error.invalid_argument", sentence)
        case .busy:
            problem(
                503, "wamp.error.unavailable", "Too many are signing in just now; try again in a few seconds.",
                [("Retry-After", "3")])
        }
    }

    private static func problem(
        _ status: Int, _ error: String, _ message: String, _ headers: [(String, String)] = []
    ) -> HTTPResponse {
        json(status, Problem(error: error, message: message), headers)
    }

    private static func json(
        _ status: Int, _ value: some Encodable, _ headers: [(String, String)] = []
    ) -> HTTPResponse {
        let encoder = JSONEncoder()
        // The same refusal is the same bytes.
        encoder.outputFormatting = .sortedKeys
        // These types always encode; an empty body would still carry its status.
        let body = (try? encoder.encode(value)).map { Array($0) } ?? []
        let fixed = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        return HTTPResponse(status: status, headers: fixed + headers, body: body)
    }
}

extension StringProtocol {
    /// The text without this letter at its ends.
    fileprivate func trimming(_ letter: Character) -> String {
        String(self.drop { $0 == letter }.reversed().drop { $0 == letter }.reversed())
    }
}
