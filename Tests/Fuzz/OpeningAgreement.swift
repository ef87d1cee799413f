import NIOHTTP1
import WAMP
import WAMPTransport

@testable import Listener

/// What must hold for a request that wants a WebSocket, or names a path: an agreement is one that the client's side
/// accepts, and what was decoded can be encoded again.
///
/// An input is lines as a client sends them. Of what an HTTP decoder refuses, names that are no tokens are left out.
enum OpeningAgreement {
    static func difference(_ bytes: [UInt8]) -> String? {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let words = (lines.first ?? "").split(separator: " ")
        var head = HTTPRequestHead(
            version: words.count > 2 ? .http1_0 : .http1_1,
            method: HTTPMethod(rawValue: String(words.first ?? "GET")), uri: String(words.dropFirst().first ?? "/ws"))
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides[0].utf8.allSatisfy({ $0 < 0x80 }) else { continue }
            head.headers.add(name: String(sides[0]), value: sides.count == 2 ? String(sides[1].drop { $0 == " " }) : "")
        }
        return targetDifference(head.uri) ?? webSocketDifference(head) ?? rangeDifference(head.uri)
    }

    private static func targetDifference(_ text: String) -> String? {
        guard let target = HTTPTarget(text) else { return nil }
        guard target.path.hasPrefix("/"), target.path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            return "\(text) has the path \(target.path)"
        }
        func encode(_ text: String) -> String {
            text.utf8.map { byte in
                let digits = String(byte, radix: 16)
                return digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }.joined()
        }
        let query = target.query.map { "\(encode($0))=\(encode($1))" }.joined(separator: "&")
        let again = HTTPTarget("/" + encode(String(target.path.dropFirst())) + (query.isEmpty ? "" : "?" + query))
        return again == target ? nil : "\(target) became \(String(describing: again))"
    }

    private static func webSocketDifference(_ head: HTTPRequestHead) -> String? {
        var asked: [String] = []
        let decision = WebSocketHandshake.decide(head, compresses: true) { origin, host in
            asked += [origin, host]
            return origin != "null"
        }
        switch decision {
        case .ordinaryRequest: return nil
        case .refuse(let status, _, let reason):
            return status.code >= 400 && !reason.isEmpty ? nil : "refused with \(status.code) \(reason)"
        case .accept(let subprotocol, let deflate, let path, let answer):
            guard WebSocketHandshake.paths.contains(path), answer.status == .switchingProtocols else {
                return "accepted on \(path) with \(answer.status)"
            }
            guard head.headers.contains(name: "Origin") == !asked.isEmpty else { return "nobody looked at the origin" }
            let offered = head.headers[canonicalForm: "Sec-WebSocket-Protocol"]
            guard offered.contains(where: { $0 == subprotocol.name }) else { return "\(subprotocol) was not offered" }
            if let deflate {
                guard 9...15 ~= deflate.serverWindowBits,
                    PerMessageDeflate.agree(to: [deflate.response]) == deflate
                else { return "\(deflate) is not what \(deflate.response) says" }
            }
            return nil
        }
    }

    private static func rangeDifference(_ text: String) -> String? {
        guard let range = AddressRange(text) else { return nil }
        let address = String(text.prefix { $0 != "/" })
        guard let octets = AddressRange.octets(of: address) else { return "\(range) without an address" }
        let isMapped = octets.count == 16 && octets.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        return range.contains(octets) || isMapped ? nil : "\(range) is without its own address"
    }
}
