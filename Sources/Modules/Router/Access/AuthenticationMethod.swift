/// The methods that a plain realm can have. The raw value is the word in `HELLO.Details.authmethods`.
enum AuthenticationMethod: String, Sendable, Hashable, CaseIterable {
    case anonymous
    case cookie
    case tls
    case ticket
    case wampcra
    case wampScram = "wamp-scram"
    /// The same under the name that Autobahn and Crossbar have for it.
    case scram
    case cryptosign
}

extension PlainRealm {
    /// The methods that the realm has.
    var methods: [AuthenticationMethod] {
        AuthenticationMethod.allCases.filter { method in
            switch method {
            case .anonymous: anonymousRole != nil || access.anonymous != nil
            case .cookie: access.cookieLifetime != nil
            case .tls: access.tls != nil
            case .ticket: access.ticket != nil
            case .wampcra: access.wampcra != nil
            case .wampScram, .scram: access.scram != nil
            case .cryptosign: access.cryptosign != nil
            }
        }
    }
}
