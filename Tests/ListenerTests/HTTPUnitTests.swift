import ModuleKit
import NIOHTTP1
import Testing

@testable import Listener

@Suite struct HTTPTargetTests {
    @Test(arguments: [
        ("/", "/", [:]), ("/a/b", "/a/b", [:]), ("/a%2Fb", "/a/b", [:]), ("/%C3%A4", "/ä", [:]),
        ("/a?b=c&d=e%26f&g", "/a", ["b": "c", "d": "e&f", "g": ""]), ("/a?b=1+2", "/a", ["b": "1 2"]),
        ("/a+b", "/a+b", [:]), ("/?=x", "/", ["": "x"]), ("/a?", "/a", [:]), ("/a?b=c?d", "/a", ["b": "c?d"]),
    ])
    func `targets are decoded`(text: String, path: String, query: [String: String]) throws {
        let target = try #require(HTTPTarget(text))
        #expect(target.path == path)
        #expect(target.query == query)
    }

    @Test(arguments: [
        "", "*", "a", "http://x/", "/%", "/%1", "/%g0", "/%FF", "/%C3", "/%00", "/a%0d%0ab", "/?a=%FF", "/?%=1",
    ])
    func `what is no path is refused`(text: String) {
        #expect(HTTPTarget(text) == nil)
    }
}

@Suite struct HTTPDateTests {
    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-5, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] as [(Int64, String)])
    func `dates are those of RFC 9110`(seconds: Int64, text: String) {
        #expect(HTTPDate.text(secondsSince1970: seconds) == text)
    }
}

@Suite struct RouteTableTests {
    private let peer = PeerIdentity(address: "127.0.0.1", isLoopback: true, isEncrypted: true)

    private func status(_ table: RouteTable, _ method: String, _ path: String) async -> Int {
        await table.answer(HTTPRequest(method: method, path: path, peer: peer)).status
    }

    @Test func `paths are exact, the last route wins, and methods are told`() async {
        let table = RouteTable()
        table.on("GET", "/a") { _ in HTTPResponse(status: 200) }
        table.on("GET", "/a") { _ in HTTPResponse(status: 203) }
        table.on("POST", "/a") { _ in HTTPResponse(status: 201) }
        #expect(await status(table, "GET", "/a") == 203)
        #expect(await status(table, "HEAD", "/a") == 203)
        #expect(await status(table, "POST", "/a") == 201)
        #expect(await status(table, "GET", "/a/") == 404)
        #expect(await status(table, "GET", "/A") == 404)
        let refused = await table.answer(HTTPRequest(method: "DELETE", path: "/a", peer: peer))
        #expect(refused.status == 405)
        #expect(refused.headers.contains { $0 == ("Allow", "GET, HEAD, POST") })
    }
}

@Suite struct HTTPResponseHeadTests {
    @Test func `a route may set a security header itself, but not what frames the message`() {
        let response = HTTPResponse(
            status: 200,
            headers: [
                ("Cache-Control", "max-age=60"), ("Content-Length", "999"), ("Transfer-Encoding", "chunked"),
                ("Connection", "x"), ("X-Split", "a\nb"), ("X:Y", "z"), ("", "z"), ("X-Good", "ä"),
            ], body: [1, 2])
        let head = response.head(isKeptAlive: true, date: "now")
        #expect(head.headers["Cache-Control"] == ["max-age=60"])
        #expect(head.headers["Content-Length"] == ["2"])
        #expect(head.headers["X-Good"] == ["ä"])
        for name in ["Transfer-Encoding", "Connection", "X-Split", "X:Y", ""] {
            #expect(!head.headers.contains(name: name))
        }
        #expect(head.headers["Date"] == ["now"])
        #expect(response.head(isKeptAlive: false, date: "").headers["Connection"] == ["close"])
    }

    @Test(arguments: [204, 304]) func `an answer without a body has no length`(status: Int) {
        #expect(
            !HTTPResponse(status: status).head(isKeptAlive: true, date: "").headers.contains(name: "Content-Length"))
    }

    @Test(arguments: ["", "box\r\nX: y", "box/path", "box@evil", "b ox"])
    func `a redirect never repeats a strange host`(host: String) {
        let peer = PeerIdentity(address: "10.0.0.1", isLoopback: false, isEncrypted: false)
        let request = HTTPRequest(method: "GET", path: "/", headers: ["host": host], peer: peer)
        let response = HTTPResponse.redirectToHTTPS(request, uri: "/")
        #expect(response.status == 400)
        #expect(!response.headers.contains { $0.0 == "Location" })
    }
}
