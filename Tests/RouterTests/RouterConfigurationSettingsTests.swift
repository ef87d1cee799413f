import ModuleKit
import NIOCore
import Testing
import WAMP

@testable import Router

/// `realms` and `limits` of gantry.yml.
struct RouterConfigurationSettingsTests {
    private static func read(_ text: String) throws -> RouterConfiguration {
        let document = ConfigurationDocument(text: text, file: "g.yml")
        let configuration = RouterConfiguration(from: document.settings)
        try document.check()
        return configuration
    }

    @Test func `an empty file is the defaults`() throws {
        let configuration = try Self.read("")
        #expect(configuration.limits == RouterLimits())
        #expect(configuration.deadlines == ConnectionDeadlines())
        #expect(configuration.realms.isEmpty)
    }

    @Test func `limits are read where they stand`() throws {
        let configuration = try Self.read(
            """
            limits:
              uri: 1KiB
              subscriptions_and_registrations: 7
              pending_calls: 8
              outbox: 1MiB
              outbox_stall: 3s
              welcome_timeout: 4s
              ping_interval: 5s
              pings_missed: 6
              retained_topics: 0
              retained: 2MiB
              event_history: 3MiB
            """)
        #expect(configuration.limits.uriBytesMax == 1024)
        #expect(configuration.limits.subscriptionsAndRegistrationsMax == 7)
        #expect(configuration.limits.pendingCallsMax == 8)
        #expect(configuration.limits.outboxBytesMax == 1 << 20)
        #expect(configuration.limits.retainedTopicsMax == 0)
        #expect(configuration.limits.retainedBytesMax == 2 << 20)
        #expect(configuration.limits.historyBytesMax == 3 << 20)
        #expect(configuration.deadlines.stall == .seconds(3))
        #expect(configuration.deadlines.welcome == .seconds(4))
        #expect(configuration.deadlines.ping == .seconds(5))
        #expect(configuration.deadlines.unansweredPingsMax == 6)
    }

    @Test func `a realm has roles, permissions and a role for anonymous sessions`() throws {
        let configuration = try Self.read(
            """
            realms:
              com.example.plant:
                disclosure: forced
                anonymous: {role: guest, from: lan}
                roles:
                  guest:
                    permissions:
                      - {uri: com.example., match: prefix, allow: [subscribe, call]}
                      - {uri: com.example.secret}
                  nobody: {}
            """)
        let realm = try #require(configuration.realms["com.example.plant"])
        #expect(realm.definition == RealmDefinition(uri: "com.example.plant", disclosure: .forced))
        #expect(realm.anonymousRole == "guest")
        #expect(realm.admitsAnonymousFromNetwork)
        #expect(
            realm.roles["guest"]?.rules == [
                PermissionRule("com.example.", .prefix, allow: [.subscribe, .call]),
                PermissionRule("com.example.secret", .exact, allow: []),
            ])
        #expect(realm.roles["nobody"]?.rules == [])
    }

    @Test func `without anonymous there are no anonymous sessions, and from elsewhere only if it says so`() throws {
        let closed = try Self.read("realms: {plant: {roles: {guest: {}}}}")
        #expect(closed.realms["plant"]?.anonymousRole == nil)
        let local = try Self.read("realms: {plant: {anonymous: {role: guest}, roles: {guest: {}}}}")
        #expect(local.realms["plant"]?.admitsAnonymousFromNetwork == false)
    }

    @Test func `a realm says whose events are kept, and how many`() throws {
        let configuration = try Self.read(
            """
            realms:
              plant:
                event_history:
                  - {uri: com.example.alarm., match: prefix, limit: 1000}
                  - {uri: com..state, match: wildcard, limit: 10}
                  - {uri: com.example.mode, limit: 1}
            """)
        #expect(
            configuration.realms["plant"]?.definition.eventHistory == [
                EventHistoryRule("com.example.alarm.", .prefix, limit: 1000),
                EventHistoryRule("com..state", .wildcard, limit: 10), EventHistoryRule("com.example.mode", limit: 1),
            ])
    }

    @Test(arguments: [
        ("realms: {'not a uri': {}}", #"g.yml:1:10: realms."not a uri": not a URI that a realm can have"#),
        ("realms: {gantry.admin: {}}", #"g.yml:1:10: realms."gantry.admin": a realm that Gantry makes itself"#),
        ("realms: {realm-3-5-prod: {}}", "g.yml:1:10: realms.realm-3-5-prod: a realm that Gantry makes itself"),
        (
            "realms: {plant: {anonymous: {role: gest}, roles: {guest: {}}}}",
            #"g.yml:1:36: realms.plant.anonymous.role: the realm has no role "gest""#
        ),
        (
            "realms: {plant: {roles: {guest: {permissions: [{match: prefix}]}}}}",
            "g.yml:1:48: realms.plant.roles.guest.permissions[0].uri: required, and not set: expected a text"
        ),
        (
            "realms: {plant: {roles: {guest: {permissions: [{uri: a b}]}}}}",
            "g.yml:1:54: realms.plant.roles.guest.permissions[0].uri: not a URI that exact can match"
        ),
        (
            "realms: {plant: {roles: {guest: {permissions: [{uri: a, allow: [pubish]}]}}}}",
            "g.yml:1:64: realms.plant.roles.guest.permissions[0].allow: expected some of call, register, publish, "
                + #"subscribe, found "pubish""#
        ),
        (
            "realms: {plant: {event_history: [{uri: com.x}]}}",
            "g.yml:1:34: realms.plant.event_history[0].limit: required, and not set: expected 1…100000"
        ),
        (
            "realms: {plant: {event_history: [{uri: com.x, limit: 0}]}}",
            #"g.yml:1:54: realms.plant.event_history[0].limit: expected 1…100000, found "0""#
        ),
        (
            "realms: {plant: {event_history: [{limit: 5}]}}",
            "g.yml:1:34: realms.plant.event_history[0].uri: required, and not set: expected a text"
        ),
        (
            "realms: {plant: {event_history: [{uri: com..x, limit: 5}]}}",
            "g.yml:1:40: realms.plant.event_history[0].uri: not a URI that exact can match"
        ),
        (
            "realms: {plant: {event_history: [{uri: wamp.session., match: prefix, limit: 5}]}}",
            "g.yml:1:40: realms.plant.event_history[0].uri: what the router publishes itself is not kept"
        ),
        ("limits: {outbox: 1KiB}", #"g.yml:1:18: limits.outbox: expected a size, 64KiB…1GiB, found "1KiB""#),
    ])
    func `a mistake is named where it stands`(text: String, error: String) {
        let errors = #expect(throws: ConfigurationErrors.self) { try Self.read(text) }
        #expect(errors?.all.count == 1)
        #expect(errors?.all.first?.description.hasPrefix(error) == true, "\(errors?.description ?? "")")
    }
}
