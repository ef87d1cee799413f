// RFC 7692 "permessage-deflate", the negotiation. Pure.
//
// Neither side keeps its window from one message to the next: an idle connection then costs no memory, where a window
// each way would cost 300 KiB, and nothing that one message holds can be guessed from the length of another.

/// What the two ends of a WebSocket have agreed on about compression.
package struct PerMessageDeflate: Sendable, Hashable {
    /// The base-2 logarithm of the window with which the server compresses.
    package var serverWindowBits: Int32

    package init(serverWindowBits: Int32 = 15) { self.serverWindowBits = serverWindowBits }

    private static let name = "permessage-deflate"
    /// zlib cannot write with a window of 2^8.
    private static let windowBits: ClosedRange<Int32> = 9...15

    /// The first of a client's offers that can be kept; nil when there is none.
    ///
    /// - Parameter extensions: the values of `Sec-WebSocket-Extensions`.
    package static func agree(to extensions: [String]) -> PerMessageDeflate? {
        for offer in extensions.joined(separator: ",").split(separator: ",") {
            if let agreed = PerMessageDeflate(offer: offer) { return agreed }
        }
        return nil
    }

    /// RFC 7692 "Extension Parameters". An offer with a parameter that is unknown, twice there or out of range is not
    /// for us.
    private init?(offer: Substring) {
        let parts = offer.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        guard parts.first?.lowercased() == Self.name else { return nil }
        self.init()
        var seen: Set<String> = []
        for part in parts.dropFirst() {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
            let value = sides.count == 2 ? Self.unquoted(sides[1]) : nil
            guard let name = sides.first?.lowercased(), seen.insert(name).inserted else { return nil }
            switch (name, value) {
            case ("server_no_context_takeover", nil), ("client_no_context_takeover", nil): break
            case ("client_max_window_bits", nil): break
            case ("client_max_window_bits", let bits?):
                guard Self.number(bits).map({ 8...15 ~= $0 }) == true else { return nil }
            case ("server_max_window_bits", let bits?):
                guard let bits = Self.number(bits), Self.windowBits ~= bits else { return nil }
                serverWindowBits = bits
            default: return nil
            }
        }
    }

    /// The value of the response's `Sec-WebSocket-Extensions`.
    package var response: String {
        let answer = "\(Self.name); server_no_context_takeover; client_no_context_takeover"
        return serverWindowBits == 15 ? answer : "\(answer); server_max_window_bits=\(serverWindowBits)"
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " || $0 == "\t" }
        return start.lastIndex { $0 != " " && $0 != "\t" }.map { start[...$0] } ?? ""
    }

    private static func unquoted(_ text: Substring) -> Substring {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? text.dropFirst().dropLast() : text
    }

    /// Decimal without a leading zero.
    private static func number(_ text: Substring) -> Int32? {
        text.utf8.allSatisfy { 0x30...0x39 ~= $0 } && text.first != "0" ? Int32(text) : nil
    }
}
