import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What this host is called, as the system says it.
enum HostNames {
    static var hostname: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The addresses of all interfaces, 4 or 16 bytes each.
    static func addresses() throws -> [[UInt8]] {
        try System.enumerateDevices().compactMap { $0.address?.octets }
    }

    /// A name or an address of the configuration; nil for what is neither.
    static func certificateName(_ text: String) -> CertificateName? {
        if let address = try? SocketAddress(ipAddress: text, port: 0) { return address.octets.map { .address($0) } }
        let name = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
        return CertificatePlan.isName(name) ? .dns(text.lowercased()) : nil
    }
}
