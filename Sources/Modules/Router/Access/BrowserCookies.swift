// Browsers that have authenticated, by the cookie that their WebSocket brought. In memory: a restart forgets them, and
// they authenticate again.
//
// A cookie is 128 random bits with a code over them, so that nothing has to be kept for browsers that never
// authenticate, and nobody can choose a cookie for somebody else. It is worth nothing until a session on its connection
// has authenticated. Those of TLS have another name than those without, one that browsers keep from plain pages.
//
// Spec: WAMP-04 "Cookie-based Authentication".

import Authentication
import Crypto
import Foundation
package import ModuleKit
import Synchronization

/// The cookies of all realms.
package final class BrowserCookies: CookieJar {
    /// Who a cookie stands for in a realm.
    struct Holder: Sendable, Hashable {
        var identity: GrantedIdentity
        /// Monotonic.
        var end: Duration
    }

    private struct Key: Sendable, Hashable {
        var cookie: String
        var realm: String
    }

    private struct State {
        var holders: [Key: Holder] = [:]
    }

    static let holdersMax = 10_000

    private let time: TimeAndChance
    private let code: SymmetricKey
    /// Nil when no realm takes cookies.
    private let lifetime: Duration?
    private let state = Mutex(State())

    /// - Parameter lifetime: the longest of the realms'; nil sets no cookies.
    init(lifetime: Duration?, time: TimeAndChance) {
        self.lifetime = lifetime
        self.time = time
        code = SymmetricKey(data: time.randomBytes(32))
    }

    // MARK: HTTP

    package func issue(isEncrypted: Bool) -> IssuedCookie? {
        guard let lifetime else { return nil }
        let nonce = time.randomBytes(16)
        let value = Base64URL.encode(nonce + seal(nonce, isEncrypted))
        let seconds = lifetime.components.seconds
        return IssuedCookie(
            value: value,
            header: "\(Self.name(isEncrypted))=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
                + (isEncrypted ? "; Secure" : ""))
    }

    package func cookie(in header: String, isEncrypted: Bool) -> String? {
        for pair in header.utf8.split(separator: UInt8(ascii: ";")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1)
            guard parts.count == 2 else { continue }
            let name = parts[0].drop { $0 == UInt8(ascii: " ") }
            guard name.elementsEqual(Self.name(isEncrypted).utf8) else { continue }
            let value = String(decoding: parts[1], as: UTF8.self)
            if isOurs(value, isEncrypted) { return value }
        }
        return nil
    }

    /// Browsers accept `__Host-` from encrypted pages of the very host only.
    private static func name(_ isEncrypted: Bool) -> String { isEncrypted ? "__Host-gantry" : "gantry" }

    private func isOurs(_ value: String, _ isEncrypted: Bool) -> Bool {
        guard value.utf8.count <= 64, let bytes = Base64URL.decode(value), bytes.count == 32 else { return false }
        return isSameSecret(Base64URL.encode(bytes[16...]), Base64URL.encode(seal(Array(bytes[..<16]), isEncrypted)))
    }

    private func seal(_ nonce: [UInt8], _ isEncrypted: Bool) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: nonce + [isEncrypted ? 1 : 0], using: code).prefix(16))
    }

    // MARK: Sessions

    /// Who is known by a cookie in a realm.
    func holder(of cookie: String, in realm: String, _ peer: PeerIdentity) -> GrantedIdentity? {
        guard isOurs(cookie, peer.isEncrypted) else { return nil }
        let now = time.monotonic()
        return state.withLock { state in
            let key = Key(cookie: cookie, realm: realm)
            guard let holder = state.holders[key] else { return nil }
            guard now < holder.end else {
                state.holders[key] = nil
                return nil
            }
            return holder.identity
        }
    }

    /// Notes who has authenticated on a cookie's connection.
    func remember(
        _ identity: GrantedIdentity, by cookie: String, in realm: String, _ peer: PeerIdentity, for lifetime: Duration
    ) {
        guard isOurs(cookie, peer.isEncrypted) else { return }
        let now = time.monotonic()
        state.withLock { state in
            let key = Key(cookie: cookie, realm: realm)
            if state.holders[key] == nil, state.holders.count >= Self.holdersMax {
                state.holders = state.holders.filter { now < $0.value.end }
                if state.holders.count >= Self.holdersMax,
                    let soonest = state.holders.min(by: { $0.value.end < $1.value.end })
                {
                    state.holders[soonest.key] = nil
                }
            }
            state.holders[key] = Holder(identity: identity, end: now + lifetime)
        }
    }

    /// The browser has signed out: its cookie is worth nothing in this realm any more.
    func forget(_ cookie: String, in realm: String) {
        state.withLock { $0.holders[Key(cookie: cookie, realm: realm)] = nil }
    }
}
