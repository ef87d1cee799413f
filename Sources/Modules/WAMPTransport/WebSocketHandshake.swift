import Crypto
package import NIOHTTP1
package import WAMP

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// RFC 6455 "Opening Handshake", both sides, pure: heads in, decisions out.

/// The opening handshake of a WebSocket that speaks WAMP.
package enum WebSocketHandshake {
    /// What a request head asks for, as far as WebSockets go.
    package enum Decision: Sendable {
        /// An ordinary request.
        case ordinaryRequest
        case accept(WebSocketSubprotocol, PerMessageDeflate?, path: String, HTTPResponseHead)
        /// Answer with this status, these headers and this sentence, and close.
        case refuse(HTTPResponseStatus, HTTPHeaders, reason: String)
    }

    /// The paths on which WebSockets are accepted: ours and the vendor's.
    package static let paths: Set<String> = ["/ws", "/ws-ua-usr", "/ws-re-dev"]
    /// `Sec-WebSocket-Version`.
    package static let version = "13"

    /// Decides about a request's head.
    ///
    /// - Parameters:
    ///   - compresses: agree to the client's offer of compression, if there is one.
    ///   - allowsOrigin: asked with the `Origin` and the `Host`, if the request has an origin.
    package static func decide(
        _ head: HTTPRequestHead, compresses: Bool = false, allowsOrigin: (_ origin: String, _ host: String) -> Bool
    ) -> Decision {
        let headers = head.headers
        guard asksForWebSocket(headers) else { return .ordinaryRequest }
        let path = String(head.uri.prefix { $0 != "?" })
        guard paths.contains(path) else {
            return .refuse(.notFound, [:], reason: "no WebSocket here; WAMP is at /ws")
        }
        guard head.method == .GET, head.version.major == 1, head.version.minor >= 1 else {
            return .refuse(.badRequest, [:], reason: "a WebSocket begins with GET and HTTP/1.1")
        }
        guard let host = headers.only("Host") else {
            return .refuse(.badRequest, [:], reason: "the Host header is missing")
        }
        guard headers.only("Sec-WebSocket-Version") == version else {
            return .refuse(
                .upgradeRequired, ["Sec-WebSocket-Version": version], reason: "only WebSocket version 13 is spoken here"
            )
        }
        guard let key = headers.only("Sec-WebSocket-Key"), isKey(key) else {
            return .refuse(.badRequest, [:], reason: "Sec-WebSocket-Key must be 16 bytes in base64")
        }
        let hasBody = headers.contains(name: "Transfer-Encoding") || (headers.only("Content-Length") ?? "0") != "0"
        guard !hasBody else {
            return .refuse(.badRequest, [:], reason: "a WebSocket request has no body")
        }
        if let origin = headers.first(name: "Origin"), !allowsOrigin(origin, host) {
            return .refuse(.forbidden, [:], reason: "this Origin is not allowed; see listener.origins in gantry.yml")
        }
        let offered = headers[canonicalForm: "Sec-WebSocket-Protocol"]
        guard let subprotocol = WebSocketSubprotocol.first(among: offered) else {
            let spoken = WebSocketSubprotocol.all.map(\.name).joined(separator: ", ")
            return .refuse(.badRequest, [:], reason: "Sec-WebSocket-Protocol must offer one of \(spoken)")
        }
        let deflate = compresses ? PerMessageDeflate.agree(to: headers["Sec-WebSocket-Extensions"]) : nil
        var answer: HTTPHeaders = [
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accept(for: key),
            "Sec-WebSocket-Protocol": subprotocol.name,
        ]
        if let deflate { answer.add(name: "Sec-WebSocket-Extensions", value: deflate.response) }
        return .accept(
            subprotocol, deflate, path: path,
            HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: answer))
    }

    /// `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`.
    package static func accept(for key: String) -> String {
        let digest = Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return Data(digest).base64EncodedString()
    }

    /// Tokens are told apart at commas and spaces only. RFC 9110 allows tabs as well, but the HTTP decoder does not see
    /// an upgrade behind one, and would go on to read frames as requests.
    private static func asksForWebSocket(_ headers: HTTPHeaders) -> Bool {
        headers.hasToken("websocket", in: "Upgrade") && headers.hasToken("upgrade", in: "Connection")
    }

    private static func isKey(_ key: String) -> Bool {
        key.utf8.count == 24 && Data(base64Encoded: key)?.count == 16
    }
}

// MARK: The client's side

extension WebSocketHandshake {
    /// What a client finds wrong with an answer.
    package enum ReplyError: Error, Sendable, Hashable {
        case refused(status: UInt)
        /// `Upgrade`, `Connection` or `Sec-WebSocket-Accept` are not what they must be.
        case notWebSocket
        /// Another subprotocol than those offered, or none.
        case unexpectedSubprotocol
        case unexpectedExtension
    }

    /// The request with which a client opens a WebSocket.
    ///
    /// - Parameters:
    ///   - host: the `Host` header: with the port, unless it is the scheme's own.
    ///   - serializers: what the client speaks, best first.
    ///   - nonce: 16 random bytes.
    package static func request(
        host: String, path: String, serializers: [Serializer], nonce: [UInt8]
    ) -> HTTPRequestHead {
        HTTPRequestHead(
            version: .http1_1, method: .GET, uri: path,
            headers: [
                "Host": host,
                "Upgrade": "websocket",
                "Connection": "Upgrade",
                "Sec-WebSocket-Key": key(nonce),
                "Sec-WebSocket-Version": version,
                "Sec-WebSocket-Protocol": serializers.map(\.subprotocol).joined(separator: ", "),
            ])
    }

    /// The serializer that a server has agreed to.
    ///
    /// - Parameter nonce: the request's.
    package static func reply(
        _ head: HTTPResponseHead, serializers: [Serializer], nonce: [UInt8]
    ) throws(ReplyError) -> Serializer {
        guard head.status == .switchingProtocols else { throw .refused(status: head.status.code) }
        guard asksForWebSocket(head.headers),
            head.headers.only("Sec-WebSocket-Accept") == accept(for: key(nonce))
        else { throw .notWebSocket }
        guard !head.headers.contains(name: "Sec-WebSocket-Extensions") else { throw .unexpectedExtension }
        guard let name = head.headers.only("Sec-WebSocket-Protocol"),
            let serializer = serializers.first(where: { $0.subprotocol == name })
        else { throw .unexpectedSubprotocol }
        return serializer
    }

    private static func key(_ nonce: [UInt8]) -> String { Data(nonce).base64EncodedString() }
}

extension HTTPHeaders {
    /// Whether a header that is a list has a token, in any case of letters.
    fileprivate func hasToken(_ token: String, in name: String) -> Bool {
        self[name].contains { value in
            value.split(separator: ",").contains { element in
                let spelled = element.drop { $0 == " " }
                let end = spelled.lastIndex { $0 != " " }
                return end.map { spelled[...$0].lowercased() == token } ?? false
            }
        }
    }

    /// The value of a header that is there exactly once.
    fileprivate func only(_ name: String) -> String? {
        let values = self[name]
        return values.count == 1 ? values[0] : nil
    }
}
