// Which role may do what, as rules: the one table behind every refusal. docs/roles.md is its golden matrix, and
// RolePermissionsTests compares the two, cell by cell.
//
// Rules are concrete: what depends on the principal (its realm, its device, its stage) is filled in here, once, when
// it joins. The most specific rule decides, so a narrow rule has to repeat what a wider one allows.

import ModuleKit
import WAMP

enum RolePermissions {
    // MARK: App realms

    /// A person in the realm of an app.
    static func person(_ role: Role, in realm: AppRealm) -> Permissions {
        var rules = viewerRules
        let (project, app) = (realm.swarmKey, realm.appKey)
        if role >= .operator {
            rules += operatorRules + [PermissionRule("\(project).", .prefix, allow: [.call])]
        }
        if role >= .engineer {
            rules += [
                PermissionRule("append.\(project).\(app).", .prefix, allow: [.call]),
                PermissionRule("appendBulk.\(project).\(app).", .prefix, allow: [.call]),
                // Rows in the form that SDKs up to 1.9 and board forms use; not device functions, which lie beside.
                PermissionRule("\(project).\(app).", .prefix, allow: [.call, .publish]),
                PermissionRule("bulk.\(project).\(app).", .prefix, allow: [.publish]),
                PermissionRule("alarms.", .prefix, allow: [.call, .subscribe]),
            ]
        }
        if role >= .admin {
            rules.append(PermissionRule("wamp.", .prefix, allow: [.call, .subscribe]))
        }
        return Permissions(mostGenerous(rules))
    }

    private static let viewerRules = [
        PermissionRule("transformed.", .prefix, allow: [.subscribe]),
        PermissionRule("history.", .prefix, allow: [.call]),
        PermissionRule("alarms.", .prefix, allow: [.subscribe]),
        PermissionRule("alarms.list", allow: [.call]),
        PermissionRule("alarms.history", allow: [.call]),
        PermissionRule("alarms.rule.list", allow: [.call]),
        PermissionRule("sys.appaccess.list", allow: [.call]),
        // The heartbeat of the vendor's browser SDK.
        PermissionRule("wamp.session.get", allow: [.call]),
    ]

    private static let operatorRules =
        ["acknowledge", "reset", "annotate", "shelve", "unshelve"].map {
            PermissionRule("alarms.\($0)", allow: [.call])
        }
        // Which device functions there are: the registrations, and their coming and going.
        + ["list", "get", "lookup", "match", "list_callees", "count_callees"].map {
            PermissionRule("wamp.registration.\($0)", allow: [.call])
        }
        + ["on_create", "on_register", "on_unregister", "on_delete"].map {
            PermissionRule("wamp.registration.\($0)", allow: [.subscribe])
        }

    /// An app on a device, in its own realm: the vendor's allow-list.
    ///
    /// - Parameter deviceKey: of the device on which the app runs, the only one whose functions it may register.
    static func app(deviceKey: Int64, in realm: AppRealm) -> Permissions {
        let (project, app) = (realm.swarmKey, realm.appKey)
        var rules = [PermissionRule("", .prefix, allow: [.call, .publish, .subscribe])]
        rules += reservedSegments.flatMap { segment in
            // `sys` and all that is under it, but not the app's own `system`.
            [PermissionRule(segment, allow: []), PermissionRule("\(segment).", .prefix, allow: [])]
        }
        rules += (0...9).map { PermissionRule("\($0)", .prefix, allow: []) }
        rules += [
            PermissionRule("\(project).", .prefix, allow: [.call, .publish]),
            PermissionRule("bulk.\(project).\(app).", .prefix, allow: [.publish]),
            PermissionRule("append.\(project).\(app).", .prefix, allow: [.call]),
            PermissionRule("appendBulk.\(project).\(app).", .prefix, allow: [.call]),
            PermissionRule("transformed.", .prefix, allow: [.subscribe]),
            PermissionRule("history.transformed.", .prefix, allow: [.call]),
            PermissionRule("databackend.errors.", .prefix, allow: [.subscribe]),
            PermissionRule("secret.", .prefix, allow: [.call]),
            PermissionRule("files.read.", .prefix, allow: [.call]),
            PermissionRule("files.write.", .prefix, allow: [.call]),
            PermissionRule("files.events.", .prefix, allow: [.subscribe]),
            PermissionRule("sys.appaccess.list", allow: [.call]),
            PermissionRule("sys.appaccess.resolve", allow: [.call]),
            PermissionRule("ironflock.location_service.update", allow: [.call]),
            PermissionRule("wamp.session.get", allow: [.call]),
        ]
        // Old SDKs write the stage in lower case.
        rules += [realm.stage.rawValue, realm.stage.uppercased].map { stage in
            PermissionRule("\(project).\(deviceKey).\(app).\(stage).", .prefix, allow: [.call, .publish, .register])
        }
        return Permissions(mostGenerous(rules))
    }

    /// An app of another project's making that may read this realm, and nothing else.
    static let appReader = Permissions([
        PermissionRule("transformed.", .prefix, allow: [.subscribe]),
        PermissionRule("files.events.", .prefix, allow: [.subscribe]),
        PermissionRule("history.transformed.", .prefix, allow: [.call]),
        PermissionRule("files.read.", .prefix, allow: [.call]),
    ])

    /// First segments of URIs that belong to the platform, the vendor's and our own; an app's own names begin with
    /// anything else. Alarms believe what comes by `fleetdb.commit.…`: no app may say it.
    static let reservedSegments = [
        "gantry", "credentials", "provisioner", "fleetdb",
        "reswarm", "reacct", "re.mgmt", "re.tunnel", "ironflock", "instance", "cloud.instance", "alarms", "tunnel",
        "svc", "dev", "uplink", "auth", "truncate_tables", "table_info", "sys", "wamp", "bulk", "transformed",
        "databackend", "files", "append", "appendBulk", "history", "secret",
    ]

    // MARK: The admin realm

    /// A person, or root and group gantry on the unix socket, in `gantry.admin`.
    ///
    /// - Parameter swarmKey: the one project that a scoped account may see and touch; nil is all of them. What the
    ///   answers show is up to the procedures: they ask for the caller's scope. Here is refused what no scope allows.
    static func administration(_ role: Role, scope swarmKey: Int64? = nil) -> Permissions {
        var rules = ["status", "project.list", "app.list", "device.list", "realm.list"].map {
            PermissionRule("gantry.\($0)", allow: [.call])
        }
        // The alarms' verbs for the command line know no scope; limited accounts use those of their app realms.
        let isUnlimited = swarmKey == nil
        if isUnlimited {
            rules += ["list", "rule.list"].map { PermissionRule("gantry.alarm.\($0)", allow: [.call]) }
        }
        rules.append(PermissionRule("wamp.session.get", allow: [.call]))
        let suffix = swarmKey.map { ".\($0)" } ?? ""
        rules += ["device.on_change", "realm.on_open", "realm.on_change", "realm.on_close"].map {
            PermissionRule("gantry.\($0)\(suffix)", allow: [.subscribe])
        }
        if role >= .engineer {
            rules += ["add", "template", "install", "uninstall", "environment"].map {
                PermissionRule("gantry.app.\($0)", allow: [.call])
            }
            if isUnlimited { rules.append(PermissionRule("gantry.alarm.", .prefix, allow: [.call])) }
        }
        if role >= .admin {
            if isUnlimited {
                rules += [
                    PermissionRule("gantry.", .prefix, allow: [.call, .subscribe]),
                    PermissionRule("wamp.", .prefix, allow: [.call, .subscribe]),
                ]
            } else {
                rules += [
                    "app.rotate", "device.add", "device.disable", "device.enable", "device.rotate", "device.remove",
                ]
                .map { PermissionRule("gantry.\($0)", allow: [.call]) }
            }
        }
        return Permissions(mostGenerous(rules))
    }

    /// One rule for each pattern, with all that any of its rules allows.
    ///
    /// Of two rules for the same pattern neither would be the more specific one: `transformed.` is reserved, and yet
    /// may be subscribed to.
    private static func mostGenerous(_ rules: [PermissionRule]) -> [PermissionRule] {
        rules.reduce(into: []) { merged, rule in
            if let index = merged.firstIndex(where: { $0.uri == rule.uri && $0.match == rule.match }) {
                merged[index].allowed.formUnion(rule.allowed)
            } else {
                merged.append(rule)
            }
        }
    }
}
