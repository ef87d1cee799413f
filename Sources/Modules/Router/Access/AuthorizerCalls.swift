// Asking the procedures of dynamic authorizers. Whatever goes wrong, nothing is allowed.

import Logging
import ModuleKit
import Synchronization
import WAMP

final class AuthorizerCalls: Sendable {
    private let logger: Logger
    private let calls = RouterCalls()
    /// Procedures that did not decide the last time, so that the log says it once.
    private let failing = Mutex(Set<[String]>())

    init(logger: Logger) { self.logger = logger }

    /// Calls `procedure(session, uri, action, options)`.
    ///
    /// - Parameter realm: of the session that is asked about; the authorizer is registered there too.
    func ask(_ question: AuthorizationQuestion, in realm: String, of host: any RealmHost) async -> AuthorizerAnswer {
        let authorizer = question.authorizer
        guard let arguments = question.arguments else { return .failed }
        do throws(WAMPError) {
            let result = try await calls.call(
                authorizer.procedure, arguments, in: realm, of: host,
                timeoutMilliseconds: authorizer.timeoutMilliseconds)
            guard let answer = AuthorizerAnswer((try? result.decodedArguments())?.first) else {
                warn(authorizer, realm, "its answer is neither a Bool nor a dictionary with a Bool for allow")
                return .failed
            }
            _ = failing.withLock { $0.remove([realm, authorizer.procedure]) }
            return answer
        } catch {
            warn(authorizer, realm, error.uri.rawValue)
            return RouterCalls.isOutage(error) ? .outage : .failed
        }
    }

    private func warn(_ authorizer: AuthorizerProcedure, _ realm: String, _ error: String) {
        guard failing.withLock({ $0.insert([realm, authorizer.procedure]).inserted }) else { return }
        logger.warning(
            "an authorizer does not decide, nothing is allowed by it",
            metadata: .facts([.uri: authorizer.procedure, .realm: realm, .error: error]))
    }
}

extension AuthorizationQuestion {
    /// Nil when the options, which the engine has not decoded, are none.
    fileprivate var arguments: Payload? {
        let bytes = options.bytes
        let value = bytes.isEmpty ? [:] : try? Value.decode(bytes, options.serializer)
        guard let value, value.dictionary != nil else { return nil }
        return Payload([
            .dictionary(details), .string(String(decoding: subject.uri, as: UTF8.self)), .string(subject.action.word),
            value,
        ])
    }
}

extension AuthorizerAnswer {
    /// Yes or no, or a dictionary in the words of Crossbar's contract; nil when it is neither. Members that are not
    /// known here are left alone.
    init?(_ value: Value?) {
        switch value {
        case .bool(let isAllowed): self.init(decision: isAllowed ? .allowed(isDisclosed: false) : .denied)
        case .dictionary(let members):
            func flag(_ key: String) -> Bool? { (members[key] ?? .bool(false)).bool }
            guard let isAllowed = members["allow"]?.bool, let isDisclosed = flag("disclose"), let cache = flag("cache")
            else { return nil }
            self.init(decision: isAllowed ? .allowed(isDisclosed: isDisclosed) : .denied, isRemembered: cache)
        default: return nil
        }
    }
}
