// What a server certificate should say, and when it is time for a new one. Pure.

/// A name in a certificate.
package enum CertificateName: Sendable, Hashable, Comparable {
    case dns(String)
    /// 4 or 16 bytes.
    case address([UInt8])

    package static func < (lhs: CertificateName, rhs: CertificateName) -> Bool {
        switch (lhs, rhs) {
        case (.dns(let left), .dns(let right)): left < right
        case (.dns, .address): true
        case (.address, .dns): false
        case (.address(let left), .address(let right)):
            left.count != right.count ? left.count < right.count : left.lexicographicallyPrecedes(right)
        }
    }
}

/// The names that a host's server certificate must have.
struct CertificatePlan: Sendable, Hashable {
    var names: Set<CertificateName>

    /// - Parameters:
    ///   - hostname: as the system says it, with or without a domain.
    ///   - addresses: of all interfaces, 4 or 16 bytes each.
    ///   - extra: names and addresses from the configuration.
    init(hostname: String, addresses: [[UInt8]], extra: [CertificateName] = []) {
        var names: Set<CertificateName> = [
            .dns("localhost"), .address([127, 0, 0, 1]), .address(Array(repeating: 0, count: 15) + [1]),
        ]
        let host = hostname.lowercased()
        if Self.isName(host) {
            names.insert(.dns(host))
            let label = String(host.prefix { $0 != "." })
            names.insert(.dns(label))
            names.insert(.dns("\(label).local"))
        }
        for address in addresses where !Self.isTransient(address) { names.insert(.address(address)) }
        names.formUnion(extra)
        self.names = names
    }

    /// Whether another certificate has to be issued.
    ///
    /// More names than are needed do no harm: an interface that comes and goes must not cost a certificate each time.
    ///
    /// - Parameters:
    ///   - has: the names of the present certificate.
    ///   - validity: its validity, in seconds since 1970.
    ///   - now: in seconds since 1970.
    func isReissueDue(has: Set<CertificateName>, validity: ClosedRange<Double>, now: Double) -> Bool {
        guard names.isSubset(of: has), validity.contains(now) else { return true }
        return validity.upperBound - now < (validity.upperBound - validity.lowerBound) / 3
    }

    /// Link-local IPv6 addresses need a zone, which no certificate can say.
    private static func isTransient(_ address: [UInt8]) -> Bool {
        address.count == 16 && address[0] == 0xFE && address[1] & 0xC0 == 0x80
    }

    /// RFC 1123 host names; others do not belong in a certificate.
    static func isName(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 253 else { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy {
                    switch $0 {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
        }
    }
}
