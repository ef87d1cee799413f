import ModuleKit
import WAMP

/// An app realm, as `gantry.realm.list` and `gantry.realm.on_open` describe it.
struct RealmEntry: Sendable, Hashable {
    var realm: AppRealm
    /// The project's name.
    var project: String
    /// The app's name.
    var app: String
    /// The app's tables; nil when the template was not told or not understood.
    var catalog: TableCatalog?

    /// Nil for what is no app realm.
    init?(_ value: Value) {
        guard let realm = value["realm"]?.string.flatMap(AppRealm.init(uri:)) else { return nil }
        self.realm = realm
        project = value["project"]?.string ?? ""
        app = value["app"]?.string ?? ""
        catalog = value["template"].flatMap(TableCatalog.init(template:))
    }
}

/// The realms whose alarms are at work, for the procedures of the admin realm: they name a project, an app and a stage.
struct RealmDirectory: Sendable {
    /// realm → its entry
    private var entries: [String: RealmEntry] = [:]

    mutating func add(_ entry: RealmEntry) { entries[entry.realm.uri] = entry }

    func holds(_ realm: String) -> Bool { entries[realm] != nil }

    mutating func remove(_ realm: String) { entries[realm] = nil }

    /// The realm that `project`, `app` and `stage` (or `realm`) name; names and keys both do, and what is left out
    /// fits any.
    ///
    /// - Throws: `gantry.error.not_found` when none fits, `wamp.error.invalid_argument` when several do.
    func realm(_ parameters: Parameters) throws(WAMPError) -> String {
        let realm = try parameters.optionalText("realm")
        let project = try parameters.name("project")
        let app = try parameters.name("app")
        let stage = try parameters.optionalText("stage")?.lowercased()
        let matches = entries.values.filter { entry in
            (realm ?? entry.realm.uri) == entry.realm.uri
                && [nil, entry.project, "\(entry.realm.swarmKey)"].contains(project)
                && [nil, entry.app, "\(entry.realm.appKey)"].contains(app)
                && [nil, entry.realm.stage.rawValue].contains(stage)
        }
        guard let match = matches.first else {
            throw .notFound("app", "No such app is installed: check project, app and stage, or install the app first.")
        }
        guard matches.count == 1 else {
            let places = matches.map { "\($0.project)/\($0.app) \($0.realm.stage.rawValue)" }.sorted()
            let sentence = "Say which app: \(places.prefix(10).joined(separator: ", "))."
            throw .invalidArgument(project == nil ? "project" : app == nil ? "app" : "stage", sentence)
        }
        return match.realm.uri
    }
}

extension Parameters {
    /// A name, or a key as a number or a text; nil when it is absent.
    fileprivate func name(_ key: String) throws(WAMPError) -> String? {
        if case .integer(let number) = values[key] { return "\(number)" }
        return try optionalText(key)
    }
}
