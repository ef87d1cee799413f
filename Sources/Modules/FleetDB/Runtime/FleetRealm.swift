// FleetDB in one app realm: a session of its own, which registers the procedures of every table and hears the rows that
// older SDKs publish.

import Logging
import ModuleKit
import WAMP

/// One app realm and its tables.
struct FleetRealm: Sendable {
    let realm: AppRealm
    let template: DataTemplate
    let tables: [Table]
    let session: any ClientSession

    func table(_ name: String) -> Table? { tables.first { $0.schema.name == name } }

    /// Joins the realm and registers everything; whoever calls the tables before hears `no_such_procedure`.
    static func open(
        _ realm: AppRealm, _ template: DataTemplate, fleet: Fleet, realms: any RealmHost
    ) async throws -> FleetRealm {
        let tables = try await fleet.open(template.tables + [.errorLogs], realm: realm.uri)
        do {
            let session = try await realms.join(realm.uri, as: principal(realm))
            fleet.attach(session)
            do {
                for table in tables { try await serve(table, realm, session, fleet) }
            } catch {
                fleet.detach(session)
                await session.leave(reason: .normalClose)
                throw error
            }
            return FleetRealm(realm: realm, template: template, tables: tables, session: session)
        } catch {
            await fleet.close(tables, realm: realm.uri)
            throw error
        }
    }

    func close(_ fleet: Fleet) async {
        await session.leave(reason: .normalClose)
        fleet.detach(session)
        await fleet.close(tables, realm: realm.uri)
    }

    private static func serve(
        _ table: Table, _ realm: AppRealm, _ session: any ClientSession, _ fleet: Fleet
    ) async throws(WAMPError) {
        let name = table.schema.name
        let owner = "\(realm.swarmKey).\(realm.appKey)"
        let feed = TableFeed(session, table.schema)
        for (procedure, form) in [("append", RowReader.Form.single), ("appendBulk", .bulk)] {
            _ = try await session.register("\(procedure).\(owner).\(name)", options: RegisterOptions()) { invocation in
                let author = RowAuthor(
                    role: "caller", authid: invocation.callerAuthID, authrole: invocation.callerAuthRole,
                    session: invocation.caller?.rawValue)
                fleet.append(
                    AppendRequest(
                        table: table, form: form, payload: invocation.payload, author: author, feed: feed,
                        invocation: invocation))
            }
        }
        // The second name is that of SDKs before 1.4.
        for procedure in ["history.transformed.\(name)", "history.transformed.app.\(realm.appKey).\(name)"] {
            _ = try await session.register(procedure, options: RegisterOptions()) { invocation in
                let reader = fleet.reader
                invocation.answer { await reader.history(invocation, table) }
            }
        }
        _ = try await session.register("history.transformed.series.\(name)", options: RegisterOptions()) { invocation in
            let reader = fleet.reader
            invocation.answer { await reader.series(invocation, table) }
        }
        for (topic, form) in [("\(owner).\(name)", RowReader.Form.single), ("bulk.\(owner).\(name)", .bulk)] {
            _ = try await session.subscribe(topic, options: SubscribeOptions()) { event in
                let author = RowAuthor(
                    role: "publisher", authid: event.publisherAuthID, authrole: event.publisherAuthRole,
                    session: event.publisher?.rawValue)
                fleet.append(
                    AppendRequest(table: table, form: form, payload: event.payload, author: author, feed: feed))
            }
        }
    }

    /// FleetDB may do in an app realm what it does there, and nothing else.
    private static func principal(_ realm: AppRealm) -> Principal {
        let owner = "\(realm.swarmKey).\(realm.appKey)."
        return Principal(
            authid: "fleetdb", authrole: "fleetdb", authmethod: "internal", authprovider: "gantry",
            permissions: Permissions([
                PermissionRule("append." + owner, .prefix, allow: [.register]),
                PermissionRule("appendBulk." + owner, .prefix, allow: [.register]),
                PermissionRule("history.transformed.", .prefix, allow: [.register]),
                PermissionRule(owner, .prefix, allow: [.subscribe]),
                PermissionRule("bulk." + owner, .prefix, allow: [.subscribe]),
                PermissionRule("transformed.", .prefix, allow: [.publish]),
                PermissionRule("fleetdb.commit.", .prefix, allow: [.publish]),
            ]))
    }
}
