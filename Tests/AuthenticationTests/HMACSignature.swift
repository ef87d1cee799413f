import Foundation

/// HMAC-SHA256 written out, RFC 2104 over FIPS 180-4: a second opinion, so that the tests do not sign with the code
/// that they test.
enum HMACSignature {
    static func of(_ message: String, _ secret: String) -> String {
        var key = Array(secret.utf8)
        if key.count > 64 { key = sha256(key) }
        key += Array(repeating: 0, count: 64 - key.count)
        let inner = sha256(key.map { $0 ^ 0x36 } + Array(message.utf8))
        return Data(sha256(key.map { $0 ^ 0x5C } + inner)).base64EncodedString()
    }

    private static let primes: [UInt64] = {
        (2...311).filter { candidate in (2..<candidate).allSatisfy { candidate % $0 != 0 } }.map(UInt64.init)
    }()

    /// The first 32 bits of the fractional part of a prime's root.
    private static func fraction(_ root: Double) -> UInt32 { UInt32((root - root.rounded(.down)) * 4_294_967_296) }

    private static func sha256(_ message: [UInt8]) -> [UInt8] {
        let k = primes.prefix(64).map { fraction(cbrt(Double($0))) }
        var h = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
        var padded = message + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        padded += (0..<8).map { UInt8(truncatingIfNeeded: UInt64(message.count * 8) >> (56 - 8 * UInt64($0))) }
        for block in stride(from: 0, to: padded.count, by: 64) {
            var w = (0..<16).map { i in
                (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(padded[block + i * 4 + $1]) }
            }
            for i in 16..<64 {
                let a = w[i - 15].turned(7) ^ w[i - 15].turned(18) ^ w[i - 15] >> 3
                let b = w[i - 2].turned(17) ^ w[i - 2].turned(19) ^ w[i - 2] >> 10
                w.append(w[i - 16] &+ a &+ w[i - 7] &+ b)
            }
            var v = h
            for i in 0..<64 {
                let s1 = v[4].turned(6) ^ v[4].turned(11) ^ v[4].turned(25)
                let t1 = v[7] &+ s1 &+ (v[4] & v[5] ^ ~v[4] & v[6]) &+ k[i] &+ w[i]
                let s0 = v[0].turned(2) ^ v[0].turned(13) ^ v[0].turned(22)
                let t2 = s0 &+ (v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2])
                v = [t1 &+ t2, v[0], v[1], v[2], v[3] &+ t1, v[4], v[5], v[6]]
            }
            h = zip(h, v).map { $0 &+ $1 }
        }
        return h.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
    }
}

extension UInt32 {
    fileprivate func turned(_ bits: UInt32) -> UInt32 { self >> bits | self << (32 - bits) }
}
