/// An error or a reason to close, by its URI: the specification's own, and those that an application makes up.
package struct ErrorURI: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let rawValue: String
    package init(_ rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral value: String) { self.rawValue = value }
    package var description: String { rawValue }
}

extension ErrorURI {
    // "Predefined URIs" of the basic profile
    package static let invalidURI: ErrorURI = "wamp.error.invalid_uri"
    package static let noSuchProcedure: ErrorURI = "wamp.error.no_such_procedure"
    package static let procedureAlreadyExists: ErrorURI = "wamp.error.procedure_already_exists"
    package static let noSuchRegistration: ErrorURI = "wamp.error.no_such_registration"
    package static let noSuchSubscription: ErrorURI = "wamp.error.no_such_subscription"
    package static let invalidArgument: ErrorURI = "wamp.error.invalid_argument"
    package static let canceled: ErrorURI = "wamp.error.canceled"
    package static let payloadSizeExceeded: ErrorURI = "wamp.error.payload_size_exceeded"
    package static let protocolViolation: ErrorURI = "wamp.error.protocol_violation"
    package static let notAuthorized: ErrorURI = "wamp.error.not_authorized"
    package static let authorizationFailed: ErrorURI = "wamp.error.authorization_failed"
    package static let noSuchRealm: ErrorURI = "wamp.error.no_such_realm"
    package static let noSuchRole: ErrorURI = "wamp.error.no_such_role"
    package static let runtimeError: ErrorURI = "wamp.error.runtime_error"

    // ... and of the advanced profile
    package static let noMatchingAuthMethod: ErrorURI = "wamp.error.no_matching_auth_method"
    package static let authenticationDenied: ErrorURI = "wamp.error.authentication_denied"
    package static let authenticationFailed: ErrorURI = "wamp.error.authentication_failed"
    package static let authenticationRequired: ErrorURI = "wamp.error.authentication_required"
    package static let timeout: ErrorURI = "wamp.error.timeout"
    package static let optionNotAllowed: ErrorURI = "wamp.error.option_not_allowed"
    package static let discloseMeDisallowed: ErrorURI = "wamp.error.option_disallowed.disclose_me"
    package static let networkFailure: ErrorURI = "wamp.error.network_failure"
    package static let unavailable: ErrorURI = "wamp.error.unavailable"
    package static let noAvailableCallee: ErrorURI = "wamp.error.no_available_callee"
    package static let featureNotSupported: ErrorURI = "wamp.error.feature_not_supported"
    package static let noSuchSession: ErrorURI = "wamp.error.no_such_session"

    // Reasons to close a session
    package static let systemShutdown: ErrorURI = "wamp.close.system_shutdown"
    package static let closeRealm: ErrorURI = "wamp.close.close_realm"
    package static let goodbyeAndOut: ErrorURI = "wamp.close.goodbye_and_out"
    package static let normalClose: ErrorURI = "wamp.close.normal"
    package static let logout: ErrorURI = "wamp.close.logout"
    package static let killed: ErrorURI = "wamp.close.killed"
}
