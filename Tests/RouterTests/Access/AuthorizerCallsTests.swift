import Logging
import ModuleKit
import Synchronization
import Testing
import WAMP

@testable import Router

/// What an authorizer is told, and what its answers mean. The contract is Crossbar's.
@Suite struct AuthorizerCallsTests {
    private static let question = AuthorizationQuestion(
        session: SessionHandle(slot: 3, id: SessionID(7)), number: 1,
        authorizer: AuthorizerProcedure("com.example.authorize"), details: ["authid": "ann", "session": 7],
        subject: Authorization.Subject(action: .subscribe, match: .prefix, uri: Array("com.".utf8)),
        options: AuthorizationQuestion.EncodedOptions(bytes: Array(#"{"match": "prefix"}"#.utf8), serializer: .json))

    private func ask(_ answer: @escaping StandInRealms.Answer) async -> AuthorizerAnswer {
        let realms = StandInRealms()
        realms.answer(answer)
        return await AuthorizerCalls(logger: HandshakeRoom.silence).ask(Self.question, in: "plant", of: realms)
    }

    @Test func `it is told the session, the URI, the action and the options`() async {
        let asked = Mutex<[Value]>([])
        let answer = await ask { procedure, arguments throws(WAMPError) in
            asked.withLock { $0 = [.string(procedure)] + arguments }
            return true
        }
        #expect(answer == AuthorizerAnswer(decision: .allowed(isDisclosed: false)))
        #expect(
            asked.withLock { $0 } == [
                "com.example.authorize", ["authid": "ann", "session": 7], "com.", "subscribe", ["match": "prefix"],
            ])
    }

    private static let answers: [(Value, AuthorizerAnswer)] = [
        (true, AuthorizerAnswer(decision: .allowed(isDisclosed: false))),
        (false, AuthorizerAnswer(decision: .denied)),
        (["allow": true], AuthorizerAnswer(decision: .allowed(isDisclosed: false))),
        (["allow": false, "cache": true], AuthorizerAnswer(decision: .denied, isRemembered: true)),
        (
            ["allow": true, "cache": true, "disclose": true],
            AuthorizerAnswer(decision: .allowed(isDisclosed: true), isRemembered: true)
        ),
        (["allow": false, "meta": ["a": 1], "validate": .null], AuthorizerAnswer(decision: .denied)),
        (["allow": 1], .failed), (["allow": "true"], .failed), (["cache": true], .failed), ([:], .failed),
        (["allow": true, "cache": 1], .failed), (["allow": true, "disclose": "no"], .failed),
        (.null, .failed), (1, .failed), ("yes", .failed), ([true], .failed),
    ]

    @Test("a Bool, or a dictionary in Crossbar's words; all else is no decision", arguments: answers)
    func decisions(_ value: Value, _ answer: AuthorizerAnswer) async {
        #expect(await ask { _, _ throws(WAMPError) in value } == answer)
    }

    @Test(arguments: [
        ("com.example.error.broken", false), ("wamp.error.runtime_error", false), ("wamp.error.not_authorized", false),
        ("wamp.error.no_such_procedure", true), ("wamp.error.timeout", true), ("wamp.error.canceled", true),
        ("wamp.close.close_realm", true),
    ])
    func `an error allows nothing`(_ error: String, _ isOutage: Bool) async {
        let answer = await ask { _, _ throws(WAMPError) in throw WAMPError(ErrorURI(error)) }
        #expect(answer == (isOutage ? .outage : .failed))
    }

    @Test func `a realm that is closed has nobody to ask`() async {
        let calls = AuthorizerCalls(logger: HandshakeRoom.silence)
        #expect(await calls.ask(Self.question, in: "plant", of: StandInRealms()) == .outage)
    }
}
