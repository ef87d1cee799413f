import ModuleKit
import NIOCore
import Testing

@testable import Listener

// HTTP over real sockets: what a browser, a script and an attacker send.

@Suite(.timeLimit(.minutes(1))) struct HTTPTests {
    private func exchange(_ listener: TestListener, _ request: String, tls: Bool = false) async throws -> String {
        let client = try await listener.client(tls: tls)
        try await client.send(request)
        return await client.receiveText()
    }

    private func addEcho(to listener: TestListener) {
        listener.routes.on("POST", "/echo") { request in
            HTTPResponse(
                status: 201, headers: [("X-Query", request.query["q"] ?? ""), ("X-Bad", "a\r\nb")],
                body: request.body)
        }
    }

    @Test(arguments: [false, true])
    func `a route answers with the security headers, plain and in TLS`(isEncrypted: Bool) async throws {
        try await TestListener.with { listener in
            let answer = try await exchange(
                listener, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", tls: isEncrypted)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Content-Security-Policy: default-src 'self';"))
            #expect(answer.contains("frame-ancestors 'none'"))
            #expect(answer.contains("X-Content-Type-Options: nosniff\r\n"))
            #expect(answer.contains("Referrer-Policy: no-referrer\r\n"))
            #expect(answer.contains("Content-Length: 3\r\n"))
            #expect(answer.contains("Date: "))
            #expect(answer.hasSuffix("\r\n\r\nok\n"))
        }
    }

    @Test func `readiness follows its flag`() async throws {
        try await TestListener.with { listener in
            let request = "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let before = try await exchange(listener, request)
            #expect(before.hasPrefix("HTTP/1.1 503 "))
            listener.service.setReady(true)
            let after = try await exchange(listener, request)
            #expect(after.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `a body arrives whole, by length and in chunks`() async throws {
        try await TestListener.with { listener in
            addEcho(to: listener)
            let sized = try await exchange(
                listener,
                "POST /echo?q=a%20b+c HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
            #expect(sized.hasPrefix("HTTP/1.1 201 Created\r\n"))
            #expect(sized.contains("X-Query: a b c\r\n"))
            #expect(!sized.contains("X-Bad"))
            #expect(sized.hasSuffix("\r\n\r\nhello"))
            let chunked = try await exchange(
                listener,
                "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            #expect(chunked.hasSuffix("\r\n\r\nabcde"))
        }
    }

    @Test func `requests in one segment are answered in order`() async throws {
        try await TestListener.with { listener in
            listener.routes.on("GET", "/slow") { _ in
                try? await Task.sleep(for: .milliseconds(50))
                return HTTPResponse(status: 200, body: Array("slow".utf8))
            }
            listener.routes.on("GET", "/fast") { _ in HTTPResponse(status: 200, body: Array("fast".utf8)) }
            let client = try await listener.client()
            try await client.send(
                "GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let answer = await client.receiveText()
            let slow = try #require(answer.firstRange(of: "\r\n\r\nslow"))
            let fast = try #require(answer.firstRange(of: "\r\n\r\nfast"))
            #expect(slow.upperBound < fast.lowerBound)
        }
    }

    @Test func `HEAD is answered by GET's route without the body`() async throws {
        try await TestListener.with { listener in
            let answer = try await exchange(
                listener, "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Content-Length: 3\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(arguments: [
        ("GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"),
        ("GET /../healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"),
        ("GET //healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"),
        ("PUT /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405"),
        ("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"),
        ("NONSENSE\r\n\r\n", "400"),
        ("GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n", "400"),
        ("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"),
        ("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n", "413"),
        ("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "y", count: 17000))\r\n\r\n", "431"),
        ("GET /\(String(repeating: "y", count: 17000)) HTTP/1.1\r\nHost: x\r\n\r\n", "431"),
    ])
    func `what cannot be answered is refused by status and the connection closed`(
        request: String, status: String
    ) async throws {
        try await TestListener.with { listener in
            let answer = try await exchange(listener, request)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("Connection: close\r\n"))
        }
    }

    @Test func `a chunked body is refused when it grows beyond the limit`() async throws {
        try await TestListener.with {
            $0.limits.httpBodyBytesMax = 1024
        } _: { listener in
            addEcho(to: listener)
            let client = try await listener.client()
            try await client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<3 { try await client.send("1f4\r\n\(String(repeating: "z", count: 500))\r\n") }
            #expect(await client.receiveText().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `a client that waits for 100 is told to go on`() async throws {
        try await TestListener.with { listener in
            addEcho(to: listener)
            let client = try await listener.client()
            try await client.send(
                "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(await client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 100 Continue"))
            try await client.send("ab")
            #expect(await client.receive(through: "\r\n\r\nab").hasPrefix("HTTP/1.1 201 "))
        }
    }

    @Test func `a request for another upgrade is answered as if it had not asked`() async throws {
        try await TestListener.with { listener in
            let answer = try await exchange(
                listener, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
        }
    }

    @Test func `a client may close its half behind its request`() async throws {
        try await TestListener.with { listener in
            listener.routes.on("GET", "/slow") { _ in
                try? await Task.sleep(for: .milliseconds(50))
                return HTTPResponse(status: 200, body: Array("slow".utf8))
            }
            let client = try await listener.client()
            try await client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.closeOutput()
            #expect(await client.receiveText().hasSuffix("\r\n\r\nslow"))
        }
    }

    @Test func `HTTP 1.0 is answered and closed`() async throws {
        try await TestListener.with { listener in
            let answer = try await exchange(listener, "GET /healthz HTTP/1.0\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }
}
