import ModuleKit
import WAMP

// `gantry.app.add`, `.list`, `.template`
extension CatalogVerbs {
    var appVerbs: [(String, Verb)] {
        [("gantry.app.add", addApp), ("gantry.app.list", listApps), ("gantry.app.template", template)]
    }

    private func addApp(_ call: ProcedureCall) async throws -> Value {
        let project = try await project(call, scope(call))
        let (name, key) = (try call.newName(), try call.newKey())
        let text = try call.string(required: "template")
        let template = try Self.read(text)
        let app = try await changing("app") {
            try await store.addApp(name, template: text, to: project.swarmKey, key: key, at: seconds())
        }
        note("app added", call, "\(project.name)/\(app.name)")
        return .dictionary(describe(app, template).merging(["project": .string(project.name)]) { $1 })
    }

    private func listApps(_ call: ProcedureCall) async throws -> Value {
        let swarmKey = try await projectFilter(call)
        let projects = try await store.projects()
        let devices = Dictionary(
            try await store.devices(of: swarmKey).map { ($0.deviceKey, $0) }, uniquingKeysWith: { $1 })
        let installs = Dictionary(grouping: try await store.installs(of: swarmKey)) { [$0.swarmKey, $0.appKey] }
        return .list(
            try await store.apps(of: swarmKey).map { app in
                let project = projects.first { $0.swarmKey == app.swarmKey }
                let its = installs[[app.swarmKey, app.appKey]] ?? []
                let entries = its.compactMap { install -> Value? in
                    devices[install.deviceKey].map { device in
                        [
                            "device_key": .integer(device.deviceKey), "device": .string(device.name),
                            "serial": .string(device.serial), "stage": .string(install.stage.rawValue),
                        ]
                    }
                }
                let more: [String: Value] = [
                    "project": .string(project?.name ?? ""), "installs": .list(entries),
                ]
                return .dictionary(describe(app, try Self.read(app.template)).merging(more) { $1 })
            })
    }

    /// Shows an app's template; with `template`, puts another one in its place and says so to every realm of the app.
    private func template(_ call: ProcedureCall) async throws -> Value {
        let project = try await project(call, scope(call))
        var app = try await app(call, of: project)
        if let text = try call.string("template") {
            try await replaceTemplate(of: app, in: project, with: text)
            app.template = text
            note("template changed", call, "\(project.name)/\(app.name)")
        }
        return [
            "app_key": .integer(app.appKey), "swarm_key": .integer(app.swarmKey), "name": .string(app.name),
            "text": .string(app.template), "template": try Self.read(app.template).value,
        ]
    }

    private func replaceTemplate(of app: App, in project: Project, with text: String) async throws {
        let template = try Self.read(text)
        let open = try await store.realms(of: project.swarmKey).filter { $0.appKey == app.appKey }
        // First those who keep the tables, then our own file: what they refuse is never stored.
        for realm in open { try await keeper.update(realm, template: template.value) }
        try await store.setTemplate(text, of: app)
        var changed = app
        changed.template = text
        for realm in open { announcer.realm("on_change", realm, project, changed, template) }
    }

    private func describe(_ app: App, _ template: DataTemplate) -> [String: Value] {
        [
            "app_key": .integer(app.appKey), "swarm_key": .integer(app.swarmKey), "name": .string(app.name),
            "tables": .list(template.tables.map { .string($0.tablename) }),
        ]
    }

    /// Reads a template; its mistakes become one ERROR that names all of them.
    static func read(_ text: String) throws(WAMPError) -> DataTemplate {
        do {
            return try TemplateReader.read(text)
        } catch {
            let errors = error.all.map { error -> Value in
                [
                    "line": error.line.map { .integer(Int64($0)) } ?? .null,
                    "column": error.column.map { .integer(Int64($0)) } ?? .null,
                    "key": .string(error.key), "reason": .string(error.reason),
                    "suggestion": error.suggestion.map(Value.string) ?? .null,
                ]
            }
            let sentence = error.all.prefix(20).map(\.description).joined(separator: "\n")
            throw WAMPError(
                .invalidArgument, Payload([.string(sentence)], ["field": "template", "errors": .list(errors)]))
        }
    }
}
