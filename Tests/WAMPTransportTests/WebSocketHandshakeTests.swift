import NIOHTTP1
import Testing
import WAMP
import WAMPTransport

@Suite struct WebSocketHandshakeTests {
    private static let good: HTTPHeaders = [
        "Host": "box:8443", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "wamp.2.json",
    ]

    private func decide(
        path: String = "/ws", method: HTTPMethod = .GET, version: HTTPVersion = .http1_1, compresses: Bool = false,
        _ change: (inout HTTPHeaders) -> Void = { _ in }
    ) -> WebSocketHandshake.Decision {
        var headers = Self.good
        change(&headers)
        let head = HTTPRequestHead(version: version, method: method, uri: path, headers: headers)
        return WebSocketHandshake.decide(head, compresses: compresses) { origin, _ in origin == "https://box" }
    }

    private func status(_ decision: WebSocketHandshake.Decision) -> UInt {
        switch decision {
        case .ordinaryRequest: 0
        case .accept(_, _, _, let head): head.status.code
        case .refuse(let status, _, _): status.code
        }
    }

    @Test func `the example of RFC 6455 is answered as the RFC says`() throws {
        guard case .accept(WebSocketSubprotocol(.json), nil, path: "/ws", let head) = decide() else {
            Issue.record("refused")
            return
        }
        #expect(head.headers["Sec-WebSocket-Accept"] == ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])
        #expect(head.headers["Sec-WebSocket-Protocol"] == ["wamp.2.json"])
        #expect(head.headers["Upgrade"] == ["websocket"])
        #expect(head.headers["Connection"] == ["Upgrade"])
        #expect(!head.headers.contains(name: "Sec-WebSocket-Extensions"))
    }

    @Test(arguments: ["/ws", "/ws-ua-usr", "/ws-re-dev", "/ws?token=x"])
    func `WebSockets live at three paths`(path: String) {
        #expect(status(decide(path: path)) == 101)
    }

    @Test(arguments: ["/", "/wsx", "/ws/", "/api/ws", "*", ""])
    func `and nowhere else`(path: String) {
        #expect(status(decide(path: path)) == 404)
    }

    @Test(arguments: [
        ("wamp.2.cbor, wamp.2.json", WebSocketSubprotocol(.cbor)),
        ("wamp.2.msgpack,wamp.2.cbor", WebSocketSubprotocol(.messagePack)),
        ("wamp.2.flatbuffers, wamp.2.json.batched, wamp.2.json", WebSocketSubprotocol(.json, isBatched: true)),
        ("wamp.2.ubjson.batched, wamp.2.json", WebSocketSubprotocol(.json)),
    ])
    func `the client's order of subprotocols decides`(offered: String, chosen: WebSocketSubprotocol) {
        guard
            case .accept(let subprotocol, _, _, let head) = decide({
                $0.replaceOrAdd(name: "Sec-WebSocket-Protocol", value: offered)
            })
        else {
            Issue.record("refused")
            return
        }
        #expect(subprotocol == chosen)
        #expect(head.headers["Sec-WebSocket-Protocol"] == [chosen.name])
    }

    @Test func `subprotocols may come in several headers`() {
        guard
            case .accept(WebSocketSubprotocol(.messagePack), _, _, _) = decide({
                $0.replaceOrAdd(name: "Sec-WebSocket-Protocol", value: "soap")
                $0.add(name: "Sec-WebSocket-Protocol", value: "wamp.2.msgpack, wamp.2.json")
            })
        else {
            Issue.record("refused")
            return
        }
    }

    @Test func `without a common subprotocol the answer is 400`() {
        #expect(status(decide { $0.remove(name: "Sec-WebSocket-Protocol") }) == 400)
        #expect(status(decide { $0.replaceOrAdd(name: "Sec-WebSocket-Protocol", value: "wamp.2.JSON") }) == 400)
    }

    @Test func `what is wrong with a handshake is told by its status`() {
        #expect(status(decide(method: .POST)) == 400)
        #expect(status(decide(version: .http1_0)) == 400)
        #expect(status(decide { $0.remove(name: "Host") }) == 400)
        #expect(status(decide { $0.add(name: "Host", value: "other") }) == 400)
        #expect(status(decide { $0.replaceOrAdd(name: "Sec-WebSocket-Version", value: "8") }) == 426)
        #expect(status(decide { $0.remove(name: "Sec-WebSocket-Key") }) == 400)
        #expect(status(decide { $0.replaceOrAdd(name: "Sec-WebSocket-Key", value: "c2hvcnQ=") }) == 400)
        #expect(status(decide { $0.replaceOrAdd(name: "Sec-WebSocket-Key", value: "!GhlIHNhbXBsZSBub25jZQ==") }) == 400)
        #expect(status(decide { $0.add(name: "Sec-WebSocket-Key", value: "dGhlIHNhbXBsZSBub25jZQ==") }) == 400)
        #expect(status(decide { $0.add(name: "Content-Length", value: "4") }) == 400)
        #expect(status(decide { $0.add(name: "Transfer-Encoding", value: "chunked") }) == 400)
        #expect(status(decide { $0.add(name: "Content-Length", value: "0") }) == 101)
    }

    @Test func `an origin must be allowed and may be missing`() {
        #expect(status(decide { $0.add(name: "Origin", value: "https://box") }) == 101)
        #expect(status(decide { $0.add(name: "Origin", value: "https://evil") }) == 403)
    }

    @Test func `a request for anything else is an ordinary one`() {
        #expect(status(decide { $0.remove(name: "Upgrade") }) == 0)
        #expect(status(decide { $0.replaceOrAdd(name: "Upgrade", value: "h2c") }) == 0)
        #expect(status(decide { $0.replaceOrAdd(name: "Connection", value: "close") }) == 0)
    }

    @Test(arguments: [
        (true, ["permessage-deflate; server_no_context_takeover; client_no_context_takeover"]), (false, []),
    ])
    func `compression is agreed on where it is switched on`(compresses: Bool, answered: [String]) {
        let decision = decide(compresses: compresses) {
            $0.add(name: "Sec-WebSocket-Extensions", value: "permessage-deflate; client_max_window_bits")
        }
        guard case .accept(_, let deflate, _, let head) = decision else {
            Issue.record("refused")
            return
        }
        #expect((deflate != nil) == compresses)
        #expect(head.headers["Sec-WebSocket-Extensions"] == answered)
    }

    @Test func `client and server understand each other`() throws {
        let nonce = (0..<16).map { UInt8($0) }
        let request = WebSocketHandshake.request(host: "box", path: "/ws", serializers: [.cbor, .json], nonce: nonce)
        guard
            case .accept(WebSocketSubprotocol(.cbor), nil, _, var answer) = WebSocketHandshake.decide(
                request, allowsOrigin: { _, _ in false })
        else {
            Issue.record("refused")
            return
        }
        #expect(try WebSocketHandshake.reply(answer, serializers: [.cbor, .json], nonce: nonce) == .cbor)
        #expect(throws: WebSocketHandshake.ReplyError.unexpectedSubprotocol) {
            try WebSocketHandshake.reply(answer, serializers: [.json], nonce: nonce)
        }
        #expect(throws: WebSocketHandshake.ReplyError.notWebSocket) {
            try WebSocketHandshake.reply(answer, serializers: [.cbor], nonce: nonce.reversed())
        }
        answer.headers.add(name: "Sec-WebSocket-Extensions", value: "permessage-deflate")
        #expect(throws: WebSocketHandshake.ReplyError.unexpectedExtension) {
            try WebSocketHandshake.reply(answer, serializers: [.cbor], nonce: nonce)
        }
        answer.status = .notFound
        #expect(throws: WebSocketHandshake.ReplyError.refused(status: 404)) {
            try WebSocketHandshake.reply(answer, serializers: [.cbor], nonce: nonce)
        }
    }
}
