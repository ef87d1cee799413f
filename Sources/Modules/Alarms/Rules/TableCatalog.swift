package import WAMP
import Yams

/// The tables of an app and their columns, from its data template: what a rule can watch.
package struct TableCatalog: Sendable, Hashable {
    /// table → its columns, in the template's order
    package var columns: [String: [String]]

    package init(columns: [String: [String]]) { self.columns = columns }

    /// What every row has besides its table's columns.
    static let rowColumns = ["tsp", "device_key", "authid"]

    /// Reads the vendor's data template, as text or decoded: `data.tables[].tablename` and `.columns[].id`.
    ///
    /// - Returns: nil when it is no template: then rules are not checked against it.
    package init?(template: Value) {
        guard let root = template.string.map(RuleNode.init(template:)) ?? RuleNode(template),
            case .list(let tables) = root["data"]?["tables"]?.content
        else { return nil }
        columns = [:]
        for table in tables {
            guard let name = table["tablename"]?.text else { continue }
            guard case .list(let entries) = table["columns"]?.content else { continue }
            columns[name] = entries.compactMap { $0["id"]?.text }
        }
    }
}

extension RuleNode {
    fileprivate init?(template text: String) {
        guard let node = try? RuleNode.compose(yaml: text) else { return nil }
        self = node
    }

    fileprivate subscript(key: String) -> RuleNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.node
    }

    fileprivate var text: String? {
        guard case .scalar(let value) = content else { return nil }
        return value.string
    }
}
