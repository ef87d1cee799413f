@testable import Listener

/// What must hold for the header of a proxy: it ends where its own bytes say, whatever comes behind them, and no part
/// of it passes for the whole.
enum ProxyAgreement {
    static func difference(_ bytes: [UInt8]) -> String? {
        let parsed = ProxyHeader.parse(bytes)
        var isComplete = false
        for count in 0...min(bytes.count, ProxyHeader.bytesMax + 1) {
            let early = ProxyHeader.parse(Array(bytes.prefix(count)))
            // What is no header does not become one; and a header is the same one with more behind it.
            isComplete = isComplete || early != .incomplete
            guard isComplete ? early == parsed : true else { return "\(count) bytes: \(early), all: \(parsed)" }
            if case .header(_, let length) = early, length > count { return "\(count) bytes: \(early)" }
        }
        switch parsed {
        case .incomplete: return bytes.count < ProxyHeader.bytesMax ? nil : "a header without an end"
        case .invalid: return nil
        case .header(let header, let length):
            guard length <= ProxyHeader.bytesMax else { return "a header of \(length) bytes" }
            guard let octets = header.address else { return nil }
            guard let address = PeerAddress(proxied: octets) else { return "\(octets) is no address" }
            return address.isLoopback || address.limitKey == nil ? "\(address) passes for this machine" : nil
        }
    }
}
