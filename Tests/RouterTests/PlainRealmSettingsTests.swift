import Authentication
import ModuleKit
import Testing
import WAMP

@testable import Router

/// One entry of `realms`: permissions in every spelling, and what `gantry check` says of mistakes.
@Suite struct PlainRealmSettingsTests {
    private static func realm(_ text: String) throws -> PlainRealm {
        let document = ConfigurationDocument(text: "realms: {plant: \(text)}", file: "g.yml")
        let configuration = RouterConfiguration(from: document.settings)
        try document.check()
        return try #require(configuration.realms["plant"])
    }

    private static func rules(_ permissions: String) throws -> [PermissionRule]? {
        try realm("{roles: {r: {permissions: [\(permissions)]}}}").roles["r"]?.rules
    }

    @Test(arguments: [
        ("{uri: com.a, allow: [call]}", PermissionRule("com.a", .exact, allow: [.call])),
        ("{uri: com.a., match: prefix, allow: [call]}", PermissionRule("com.a.", .prefix, allow: [.call])),
        ("{uri: 'com.a.*', allow: [call]}", PermissionRule("com.a.", .prefix, allow: [.call])),
        ("{uri: 'com.a*', allow: [call]}", PermissionRule("com.a", .prefix, allow: [.call])),
        ("{uri: 'com.*.a', allow: [call]}", PermissionRule("com..a", .wildcard, allow: [.call])),
        ("{uri: 'com.*.*', allow: [call]}", PermissionRule("com..", .wildcard, allow: [.call])),
        ("{uri: com..a, match: wildcard, allow: [call]}", PermissionRule("com..a", .wildcard, allow: [.call])),
        ("{uri: 'com.*', match: exact, allow: [call]}", PermissionRule("com.*", .exact, allow: [.call])),
        (
            "{uri: com.a, allow: {call: true, publish: false, subscribe: true}}",
            PermissionRule("com.a", .exact, allow: [.call, .subscribe])
        ),
        (
            "{uri: com.a, allow: [call], disclose: {caller: true}}",
            PermissionRule("com.a", .exact, allow: [.call], disclose: .caller)
        ),
    ])
    func `a rule in Crossbar's words, as lists or maps, with a star or a match`(
        text: String, rule: PermissionRule
    ) throws {
        #expect(try Self.rules(text) == [rule])
    }

    @Test func `a role discloses for its rules, and has a trust level`() throws {
        let realm = try Self.realm(
            """
            {roles: {r: {disclose: {publisher: true}, trustlevel: 3, permissions: [
             {uri: a, allow: [publish]}, {uri: b, allow: [publish], disclose: {publisher: false, caller: true}}]}}}
            """)
        #expect(realm.roles["r"]?.rules.map(\.disclosure) == [.publisher, .caller])
        #expect(realm.trustlevels == ["r": 3])
    }

    @Test func `a role may name a procedure that decides instead of permissions`() throws {
        let realm = try Self.realm(
            """
            {roles: {user: {authorizer: com.auth, authorizer_timeout: 2s, trustlevel: 2}, other: {authorizer: com.auth},
             backend: {permissions: [{uri: 'com.*', allow: [register]}]}}}
            """)
        #expect(realm.authorizers["user"] == AuthorizerProcedure("com.auth", timeoutMilliseconds: 2000))
        #expect(realm.authorizers["other"] == AuthorizerProcedure("com.auth", timeoutMilliseconds: 5000))
        #expect(realm.authorizers["backend"] == nil && realm.roles["user"]?.rules == [])
        #expect(realm.trustlevels == ["user": 2])
    }

    @Test(arguments: [
        ("user: {authorizer: 'a b'}", "roles.user.authorizer: not a procedure's URI"),
        ("user: {authorizer: wamp.auth}", "roles.user.authorizer: not a procedure's URI"),
        ("user: {authorizer_timeout: 2s}", "roles.user.authorizer_timeout: of no use without authorizer"),
        (
            "user: {authorizer: com.auth, authorizer_timeout: 2m}",
            #"roles.user.authorizer_timeout: expected a duration, 100ms…1m, found "2m""#
        ),
        (
            "user: {authorizer: com.auth, permissions: [{uri: a, allow: [call]}]}",
            "roles.user.permissions: the role has an authorizer, which decides instead"
        ),
        (
            "user: {authorizer: com.auth, disclose: {caller: true}}",
            "roles.user.disclose: the role has an authorizer, which decides instead"
        ),
        (
            "user: {authorizer: com.other}",
            "roles.user.authorizer: no role of the realm that has permissions may register com.other"
        ),
        (
            "user: {authorizer: com.own}, more: {authorizer: com.auth}",
            "roles.user.authorizer: no role of the realm that has permissions may register com.own"
        ),
    ])
    func `a mistake with an authorizer is named by its key`(roles: String, message: String) throws {
        let backend = "backend: {permissions: [{uri: com.auth, allow: [register]}]}"
        let errors = #expect(throws: ConfigurationErrors.self) { try Self.realm("{roles: {\(backend), \(roles)}}") }
        #expect(errors?.all.count == 1, "\(errors?.description ?? "")")
        #expect(
            errors?.all.first?.description.contains("realms.plant.\(message)") == true, "\(errors?.description ?? "")")
    }

    // MARK: The meta API

    @Test func `who may do anything may end sessions; who may call anything may not`() throws {
        let everything = try Self.realm(
            "{roles: {r: {permissions: [{uri: '*', allow: [call, register, publish, subscribe]}]}}}")
        #expect(everything.roles["r"]?.isUnrestricted == true)
        let role = try #require(
            try Self.realm("{roles: {r: {permissions: [{uri: '*', allow: [call, subscribe]}]}}}").roles["r"])
        for procedure in ["kill", "kill_by_authid", "kill_by_authrole", "kill_all"] {
            #expect(!role.allows(.call, "wamp.session.\(procedure)"))
        }
        #expect(!role.allows(.call, "wamp.registration.remove_callee"))
        #expect(role.allows(.call, "wamp.session.count") && role.allows(.call, "com.example.p"))
        #expect(role.allows(.subscribe, "wamp.", .prefix) && role.allows(.subscribe, "", .prefix))
        #expect(!role.allows(.register, "com.example.p") && !role.allows(.publish, "com.example.p"))
    }

    @Test func `a rule that names wamp opens it`() throws {
        let role = try #require(
            try Self.realm(
                "{roles: {r: {permissions: [{uri: '*', allow: [call]}, {uri: 'wamp.session.*', allow: [call]}]}}}"
            ).roles["r"])
        #expect(role.allows(.call, "wamp.session.kill"))
        let closed = try #require(
            try Self.realm("{roles: {r: {permissions: [{uri: 'com.*', allow: [call]}]}}}").roles["r"])
        #expect(!closed.allows(.call, "wamp.session.list") && !closed.allows(.call, "wamp.session.kill"))
        #expect(closed.rules.count == 1)
    }

    @Test(arguments: [
        "{uri: wamp.session.on_join, allow: [subscribe]}", "{uri: wamp.session.kill}",
        "{uri: 'wamp.session.*', allow: [subscribe]}",
    ])
    func `a rule that names wamp and does not allow it opens nothing`(rule: String) throws {
        let role = try #require(
            try Self.realm("{roles: {r: {permissions: [{uri: '*', allow: [call, publish]}, \(rule)]}}}").roles["r"])
        for procedure in ["session.kill", "session.kill_all", "registration.remove_callee"] {
            #expect(!role.allows(.call, "wamp.\(procedure)"))
        }
    }

    // MARK: Mistakes

    private static let salt = "5b6d99689d12358eeca04b141236fa81"
    private static let key = String(repeating: "ab", count: 32)

    @Test(arguments: [
        (
            "ticket: {principals: {joe: {ticket: s, role: gest}}}",
            #"ticket.principals.joe.role: the realm has no role "gest""#
        ),
        (
            "ticket: {principals: {joe: {ticket: s}}}",
            "ticket.principals.joe.role: required, and not set: expected a text"
        ),
        ("ticket: {principals: {joe: {role: r}}}", "ticket.principals.joe: expected ticket, or ticket_file"),
        (
            "ticket: {principals: {joe: {role: r, ticket: a, ticket_file: /b}}}",
            "ticket.principals.joe.ticket_file: ticket is there as well"
        ),
        (
            "ticket: {principals: {joe: {role: r, ticket_file: b}}}",
            "ticket.principals.joe.ticket_file: expected an absolute path"
        ),
        ("ticket: {principals: {joe: {role: r, ticket: a, tikket: b}}}", "ticket.principals.joe.tikket: unknown key"),
        ("ticket: {type: magic}", #"ticket.type: expected one of static, dynamic, found "magic""#),
        ("ticket: {type: dynamic}", "ticket.authenticator: required, and not set: expected a text"),
        ("ticket: {type: dynamic, authenticator: 'a b'}", "ticket.authenticator: not a procedure's URI"),
        ("ticket: {type: dynamic, authenticator: wamp.a}", "ticket.authenticator: not a procedure's URI"),
        (
            "ticket: {type: dynamic, authenticator: a, authenticator_realm: 'a b'}",
            "ticket.authenticator_realm: not a realm's URI"
        ),
        (
            "ticket: {type: dynamic, authenticator: a, timeout: 2m}",
            #"ticket.timeout: expected a duration, 100ms…1m, found "2m""#
        ),
        (
            "ticket: {type: dynamic, authenticator: a, default_role: x}",
            #"ticket.default_role: the realm has no role "x""#
        ),
        (
            "wampcra: {users: {p: {secret: s, role: r, salt: x, iterations: 0}}}",
            #"wampcra.users.p.iterations: expected 1…10000000, found "0""#
        ),
        (
            "wampcra: {users: {p: {secret: s, role: r, iterations: 5}}}",
            "wampcra.users.p.iterations: of no use without salt"
        ),
        (
            "wampcra: {users: {p: {secret: s, role: r, salt: x, keylen: 8}}}",
            #"wampcra.users.p.keylen: expected 16…64, found "8""#
        ),
        (
            "wampcra: {users: {p: {secret: s, role: r}}, principals: {p: {secret: s, role: r}}}",
            "wampcra.users.p: a principal of this name is there already, or the name is empty"
        ),
        (
            "scram: {users: {u: {role: r, kdf: md5, iterations: 4096, salt: \(salt), stored_key: \(key), server_key: \(key)}}}",
            #"scram.users.u.kdf: expected one of pbkdf2, argon2id13, argon2id-13, found "md5""#
        ),
        (
            "scram: {users: {u: {role: r, kdf: pbkdf2, iterations: 100, salt: \(salt), stored_key: \(key), server_key: \(key)}}}",
            #"scram.users.u.iterations: expected 4096…10000000, found "100""#
        ),
        (
            "scram: {users: {u: {role: r, kdf: argon2id13, iterations: 3, salt: \(salt), stored_key: \(key), server_key: \(key)}}}",
            "scram.users.u.memory: required, and not set: expected 8…4194304"
        ),
        (
            "scram: {users: {u: {role: r, kdf: pbkdf2, iterations: 4096, salt: ab, stored_key: \(key), server_key: \(key)}}}",
            "scram.users.u.salt: expected 8…64 bytes as hexadecimal digits"
        ),
        (
            "scram: {users: {u: {role: r, kdf: pbkdf2, iterations: 4096, salt: \(salt), stored_key: xx, server_key: \(key)}}}",
            "scram.users.u.stored_key: expected 32 bytes as hexadecimal digits"
        ),
        (
            "cryptosign: {principals: {c: {role: r, authorized_keys: ['00']}}}",
            "cryptosign.principals.c.authorized_keys: [0]: expected a public key, 32 bytes as 64 hexadecimal digits"
        ),
        (
            "cryptosign: {principals: {c: {role: r}}}",
            "cryptosign.principals.c: expected authorized_keys, a list of public keys"
        ),
        ("tls: {principals: {c: {role: r}}}", "tls.principals.c: expected common_name, or fingerprint"),
        (
            "tls: {principals: {c: {role: r, fingerprint: 'ab'}}}",
            "tls.principals.c.fingerprint: expected SHA-256 of a certificate, 64 hexadecimal digits"
        ),
        ("cookie: {max_age: 1s}", #"cookie.max_age: expected a duration, 1m…30d, found "1s""#),
        ("anonymous: {from: lan}", "anonymous.role: required, and not set: expected a text"),
        ("anonymous: {role: x}", #"anonymous.role: the realm has no role "x""#),
        ("tikket: {}", "tikket: unknown key"),
    ])
    func `a mistake of auth is named where it stands, and the only one`(auth: String, error: String) {
        let errors = #expect(throws: ConfigurationErrors.self) {
            try Self.realm("{roles: {r: {}}, auth: {\(auth)}}")
        }
        #expect(errors?.all.count == 1, "\(errors?.description ?? "")")
        #expect(
            errors?.all.first?.description.contains("realms.plant.auth.\(error)") == true,
            "\(errors?.description ?? "")")
    }

    @Test(arguments: [
        ("{roles: {r: {permissions: [{uri: 'a*b'}]}}}", "roles.r.permissions[0].uri: not a URI that exact can match"),
        ("{roles: {r: {permissions: [{uri: 'a.*b*'}]}}}", "roles.r.permissions[0].uri: not a URI that exact can match"),
        (
            "{roles: {r: {permissions: [{uri: a, allow: {kall: true}}]}}}",
            "roles.r.permissions[0].allow.kall: unknown key"
        ),
        ("{roles: {r: {trustlevel: -1}}}", #"roles.r.trustlevel: expected 0…1000000, found "-1""#),
        (
            "{disclosure: never, roles: {r: {disclose: {caller: true}}}}",
            "roles.r.disclose: the realm's disclosure is never"
        ),
        (
            "{disclosure: never, roles: {r: {permissions: [{uri: a, disclose: {caller: true}}]}}}",
            "roles.r.permissions[0].disclose: the realm's disclosure is never"
        ),
        (
            "{anonymous: {role: r}, auth: {anonymous: {role: r}}, roles: {r: {}}}",
            "auth.anonymous: the realm has anonymous as well"
        ),
    ])
    func `so is one of the rest`(text: String, error: String) {
        let errors = #expect(throws: ConfigurationErrors.self) { try Self.realm(text) }
        #expect(errors?.all.count == 1, "\(errors?.description ?? "")")
        #expect(
            errors?.all.first?.description.contains("realms.plant.\(error)") == true, "\(errors?.description ?? "")")
    }
}
