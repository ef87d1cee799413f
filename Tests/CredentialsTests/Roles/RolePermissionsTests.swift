import Foundation
import ModuleKit
import Testing
import WAMP

@testable import Credentials

/// docs/roles.md, cell by cell.
@Suite struct RolePermissionsTests {
    struct Cell: Sendable, CustomTestStringConvertible {
        var line: Int
        var section: String
        var uri: String
        var action: Action
        var role: String
        var isAllowed: Bool
        var testDescription: String { "line \(line): \(role) \(action) \(uri)" }
    }

    static let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/roles.md")
    static let realm = AppRealm(swarmKey: 3, appKey: 5, stage: .prod)

    static func cells() throws -> [Cell] {
        var cells: [Cell] = []
        var (section, header): (String, [String]) = ("", [])
        for (index, line) in try String(contentsOf: document, encoding: .utf8).components(separatedBy: "\n")
            .enumerated()
        {
            if line.hasPrefix("#") { section = line }
            guard line.hasPrefix("|") else {
                header = []
                continue
            }
            let columns = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            if header.isEmpty {
                header = columns
                continue
            }
            guard let uri = columns.first, uri.hasPrefix("`") else { continue }
            let named = Dictionary(zip(header, columns), uniquingKeysWith: { $1 })
            let action = try #require(Self.actions[named["action"] ?? "call"])
            for role in ["viewer", "operator", "engineer", "admin", "app", "app_reader"] {
                guard let cell = named[role] else { continue }
                try #require(["yes", "–"].contains(cell), "line \(index + 1): \(cell)")
                cells.append(
                    Cell(
                        line: index + 1, section: section, uri: filled(uri.trimmingCharacters(in: ["`"])),
                        action: action, role: role, isAllowed: cell == "yes"))
            }
        }
        return cells
    }

    static let actions: [String: Action] = [
        "call": .call, "publish": .publish, "subscribe": .subscribe, "register": .register,
    ]

    static func filled(_ uri: String) -> String {
        [("<S>", "3"), ("<A>", "5"), ("<D>", "7"), ("<table>", "readings"), ("<fn>", "stop")]
            .reduce(uri) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }

    static func permissions(_ role: String, _ section: String) throws -> Permissions {
        if section.contains("limited to one project") {
            return RolePermissions.administration(try #require(Role(rawValue: role)), scope: 3)
        }
        if section.contains("`gantry.admin`") {
            return RolePermissions.administration(try #require(Role(rawValue: role)))
        }
        switch role {
        case "app": return RolePermissions.app(deviceKey: 7, in: realm)
        case "app_reader": return RolePermissions.appReader
        default: return RolePermissions.person(try #require(Role(rawValue: role)), in: realm)
        }
    }

    @Test func `the golden matrix has a cell for every role and enough of them`() throws {
        let cells = try Self.cells()
        #expect(cells.count > 500)
        #expect(Set(cells.map(\.role)).count == 6)
    }

    @Test(arguments: try cells())
    func `the code agrees with docs roles md`(cell: Cell) throws {
        let permissions = try Self.permissions(cell.role, cell.section)
        #expect(permissions.allows(cell.action, cell.uri) == cell.isAllowed)
    }

    /// A rule that the document does not speak of would be a right that nobody has agreed to.
    @Test(arguments: Role.allCases)
    func `the document speaks of every exact rule`(role: Role) throws {
        let documented = Set(try Self.cells().filter(\.isAllowed).map { "\($0.uri) \($0.action)" })
        let rules =
            RolePermissions.person(role, in: Self.realm).rules + RolePermissions.administration(role).rules
        let topics: Set = [
            "gantry.device.on_change", "gantry.realm.on_open", "gantry.realm.on_change", "gantry.realm.on_close",
        ]
        for rule in rules where rule.match == .exact && !topics.contains(rule.uri) {
            for action in rule.allowed {
                #expect(documented.contains("\(rule.uri) \(action)"), "\(rule.uri) \(action)")
            }
        }
    }

    @Test func `each person's role may do all that the one before it may`() throws {
        for cell in try Self.cells() where cell.isAllowed {
            guard let role = Role(rawValue: cell.role) else { continue }
            for higher in Role.allCases where higher > role {
                let permissions = try Self.permissions(higher.rawValue, cell.section)
                #expect(permissions.allows(cell.action, cell.uri), "\(higher) \(cell.action) \(cell.uri)")
            }
        }
    }

    /// A pattern reaches what its URIs reach: it must not be a way around a refusal.
    @Test(arguments: [
        ("", MatchPolicy.prefix), ("w", .prefix), ("alarms.", .prefix), ("3.", .prefix), ("", .wildcard),
        (".on_change", .wildcard), ("fleetdb.", .prefix), ("bulk.", .prefix),
    ])
    func `an app cannot subscribe to a pattern that reaches what it may not hear`(uri: String, match: MatchPolicy) {
        #expect(!RolePermissions.app(deviceKey: 7, in: Self.realm).allows(.subscribe, uri, match))
    }

    @Test(arguments: [
        ("org.example.", MatchPolicy.prefix, true), ("transformed.", .prefix, true),
        ("org..temperature", .wildcard, true),
    ])
    func `an app may subscribe to patterns of its own names and of rows`(
        uri: String, match: MatchPolicy, isAllowed: Bool
    ) {
        #expect(RolePermissions.app(deviceKey: 7, in: Self.realm).allows(.subscribe, uri, match) == isAllowed)
    }

    @Test(arguments: [
        ("3.7.5.PROD.", MatchPolicy.prefix, true), ("3.7.5.", .prefix, false), ("3..5.PROD.stop", .wildcard, false),
        ("3.7.5.PROD..x", .wildcard, true),
    ])
    func `an app registers patterns only below its own device`(uri: String, match: MatchPolicy, isAllowed: Bool) {
        #expect(RolePermissions.app(deviceKey: 7, in: Self.realm).allows(.register, uri, match) == isAllowed)
    }
}
