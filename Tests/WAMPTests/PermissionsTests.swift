import Testing
import WAMP

@Suite struct PermissionsTests {
    private let permissions = Permissions([
        PermissionRule("", .prefix, allow: [.publish, .subscribe]),
        PermissionRule("sys.", .prefix, allow: []),
        PermissionRule("sys.appaccess.list", allow: [.call]),
        PermissionRule("3.", .prefix, allow: [.call, .publish]),
        PermissionRule("3.7.5.PROD.", .prefix, allow: [.register]),
        PermissionRule("plant..state", .wildcard, allow: [.call]),
    ])

    @Test(arguments: [
        (Action.publish, "anything", true), (.call, "anything", false), (.publish, "sys.x", false),
        (.call, "sys.appaccess.list", true), (.call, "sys.appaccess.listing", false), (.call, "3.9.x", true),
        (.subscribe, "3.9.x", false), (.register, "3.7.5.PROD.fn", true), (.register, "3.8.5.PROD.fn", false),
        (.call, "plant.press.state", true), (.call, "plant.press.speed", false), (.call, "plant.a.b.state", false),
    ])
    func `the most specific rule decides`(_ action: Action, _ uri: String, _ isAllowed: Bool) {
        #expect(permissions.allows(action, uri) == isAllowed)
    }

    @Test(arguments: [
        // A pattern asks for every URI that it could match: one forbidden among them forbids it.
        (Action.subscribe, "", MatchPolicy.prefix, false), (.subscribe, "s", .prefix, false),
        (.subscribe, "sys.appaccess", .prefix, false), (.subscribe, "transformed.", .prefix, true),
        (.subscribe, ".x", .wildcard, false), (.subscribe, "transformed..x", .wildcard, true),
        (.subscribe, ".appaccess.list", .wildcard, false), (.register, "3.7.5.PROD.", .prefix, true),
        (.register, "3.7.5.PROD..x", .wildcard, true), (.register, "3..5.PROD.x", .wildcard, false),
        (.register, "3.7.", .prefix, false), (.call, "plant..state", .wildcard, true),
    ])
    func `a pattern is no way around a rule`(
        _ action: Action, _ pattern: String, _ match: MatchPolicy, _ isAllowed: Bool
    ) {
        #expect(permissions.allows(action, pattern, match) == isAllowed)
    }

    @Test(arguments: [
        // A dot is a dot, whatever stands behind it; an é of one and one of two code points are two components.
        ("plant.\u{301}.state", true), ("plant.a.\u{301}b.state", false), ("com.caf\u{e9}", true),
        ("com.cafe\u{301}", false), ("com.\u{301}", false), ("3.\u{301}", true), ("3\u{301}.x", false),
    ])
    func `URIs are bytes`(_ uri: String, _ isAllowed: Bool) {
        let permissions = Permissions([
            PermissionRule("plant..state", .wildcard, allow: [.call]),
            PermissionRule("com.caf\u{e9}", allow: [.call]),
            PermissionRule("3.", .prefix, allow: [.call]),
        ])
        #expect(permissions.allows(.call, uri) == isAllowed)
    }

    @Test func `of two rules that are equally specific the first decides, for patterns too`() {
        let denial = PermissionRule("..b", .wildcard, allow: [])
        let grant = PermissionRule("a..", .wildcard, allow: [.subscribe])
        #expect(!Permissions([denial, grant]).allows(.subscribe, "a.x.b"))
        #expect(!Permissions([denial, grant]).allows(.subscribe, "a..", .wildcard))
        #expect(Permissions([grant, denial]).allows(.subscribe, "a.x.b"))
        #expect(Permissions([grant, denial]).allows(.subscribe, "a..", .wildcard))
    }

    @Test func `the most specific rule says who is disclosed`() {
        let permissions = Permissions([
            PermissionRule("", .prefix, allow: [.call], disclose: [.caller, .publisher]),
            PermissionRule("com.quiet.", .prefix, allow: [.call]),
            PermissionRule("com.quiet.loud", .exact, allow: [], disclose: .caller),
        ])
        #expect(permissions.discloses(.caller, "com.x") && permissions.discloses(.publisher, "com.x"))
        #expect(!permissions.discloses(.caller, "com.quiet.x"))
        #expect(
            permissions.discloses(.caller, "com.quiet.loud") && !permissions.discloses(.publisher, "com.quiet.loud"))
        #expect(permissions.hasDisclosure && !Permissions.unrestricted.hasDisclosure)
    }

    @Test func `without a rule nothing is allowed`() {
        for action in Action.allCases {
            #expect(!Permissions([]).allows(action, "x"))
            #expect(Permissions.unrestricted.allows(action, "x"))
            #expect(Permissions.unrestricted.allows(action, "", .prefix))
        }
    }
}
