import Foundation
import ModuleKit
import Synchronization
import Testing

@testable import WebUI

@Suite struct WebRoutesTests {
    private let routes = RecordedRoutes()
    private let bundle: WebBundle

    init() throws {
        bundle = try #require(WebBundle(WebBundle.embedded))
        let clock = ServerClock(now: { 1_763_700_000_123 }, timeZone: { "Europe/Berlin" })
        WebRoutes(bundle: bundle, clock: clock).add(to: routes)
    }

    @Test(arguments: WebRoutes.pages)
    func `every page's address answers with the page, to be asked for again each time`(path: String) async throws {
        let response = try #require(await routes.get(path))
        #expect(response.status == 200)
        #expect(response.header("Content-Type") == "text/html; charset=utf-8")
        #expect(response.header("Cache-Control") == "no-cache")
        #expect(response.body == bundle.page)
    }

    @Test func `the pages are those that router.js knows`() throws {
        let router = try #require(bundle.assets.first { $0.name == "router.js" })
        let text = String(decoding: router.bytes, as: UTF8.self)
        let list = try #require(text.split(separator: "PAGES = {").last?.split(separator: "};").first)
        let paths = list.matches(of: /'(\/[a-z]*)':/).map { String($0.1) }
        #expect(paths.sorted() == WebRoutes.pages.sorted())
    }

    @Test func `files may be kept for ever`() async throws {
        let response = try #require(await routes.get("\(bundle.path)/app.js"))
        #expect(response.header("Content-Type") == "text/javascript; charset=utf-8")
        #expect(response.header("Cache-Control") == "public, max-age=31536000, immutable")
        #expect(response.body == bundle.assets.first { $0.name == "app.js" }?.bytes)
    }

    @Test(arguments: [
        ("\"TAG\"", 304), ("W/\"TAG\"", 304), ("\"other\", \"TAG\"", 304), ("*", 304), ("\"other\"", 200), ("", 200),
        ("TAG", 200),
    ])
    func `If-None-Match spares what the browser has`(header: String, status: Int) async throws {
        let value = header.replacing("TAG", with: bundle.version)
        let response = try #require(await routes.get("/", headers: ["if-none-match": value]))
        #expect(response.status == status)
        #expect(response.body.isEmpty == (status == 304))
        #expect(response.header("ETag") == "\"\(bundle.version)\"")
    }

    @Test func `there is nothing else`() async {
        for path in ["/nothing", "/assets/app.js", "/assets/0000000000000000/app.js", "\(bundle.path)/index.html"] {
            #expect(await routes.get(path) == nil, "\(path)")
        }
    }

    @Test func `the clock tells time and zone`() async throws {
        let response = try #require(await routes.get("/api/clock"))
        #expect(response.body == Array(#"{"time":1763700000123,"time_zone":"Europe/Berlin"}"#.utf8))
    }

    @Test func `a zone's name cannot break the JSON`() {
        let clock = ServerClock(now: { 0 }, timeZone: { "Mars/\"Olympus\" Mons\\" })
        #expect(clock.json == Array(#"{"time":0,"time_zone":"Mars/OlympusMons"}"#.utf8))
    }
}

/// Keeps what is added, and answers by it.
private final class RecordedRoutes: HTTPRoutes {
    private let answers = Mutex<[String: @Sendable (HTTPRequest) async -> HTTPResponse]>([:])

    func on(_ method: String, _ path: String, _ answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse) {
        answers.withLock { $0["\(method) \(path)"] = answer }
    }

    func get(_ path: String, headers: [String: String] = [:]) async -> HTTPResponse? {
        let answer = answers.withLock { $0["GET \(path)"] }
        let peer = PeerIdentity(address: "192.0.2.1", isLoopback: false, isEncrypted: true)
        return await answer?(HTTPRequest(method: "GET", path: path, headers: headers, peer: peer))
    }
}

extension HTTPResponse {
    fileprivate func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
}
