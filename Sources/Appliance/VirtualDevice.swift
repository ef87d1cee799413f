import WAMP

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A device that is not there: rows that look like a machine's, made from an app's data template. Pure.
struct VirtualDevice: Sendable {
    struct Table: Sendable {
        var name: String
        var columns: [Column]
    }

    struct Column: Sendable {
        var id: String
        var dataType: String
        /// Where in its wave a column begins, so that no two look the same.
        var phase: Double
    }

    let tables: [Table]
    private let name: String

    /// - Parameters:
    ///   - template: a data template as it travels over WAMP.
    ///   - name: what string columns say.
    init(template: Value, name: String) {
        self.name = name
        tables = (template["data"]?["tables"]?.list ?? []).compactMap { table in
            guard let tablename = table["tablename"]?.string else { return nil }
            let columns = (table["columns"]?.list ?? []).enumerated().compactMap { position, column -> Column? in
                guard let id = column["id"]?.string, let dataType = column["dataType"]?.string else { return nil }
                return Column(id: id, dataType: dataType, phase: Double(position) * 1.7)
            }
            return Table(name: tablename, columns: columns)
        }
    }

    /// The row of a table at a moment.
    ///
    /// - Parameters:
    ///   - milliseconds: since 1970.
    ///   - noise: from -1 to 1.
    func row(of table: Table, at milliseconds: Int64, noise: () -> Double) -> Value {
        var row: [String: Value] = [:]
        let seconds = Double(milliseconds) / 1000
        for column in table.columns {
            // Slow and quick together: a drift that one sees in an hour, and a ripple that one sees at once.
            let wave = sin(seconds / 600 + column.phase) + 0.2 * sin(seconds / 7 + column.phase) + 0.05 * noise()
            let value = 70 + 15 * wave
            row[column.id] =
                switch column.dataType {
                case "timestamp": .integer(milliseconds)
                case "numeric": .double((value * 100).rounded() / 100)
                case "bigint": .integer(Int64(value))
                case "boolean": .bool(wave > 0)
                case "json": ["wave": .double((wave * 1000).rounded() / 1000)]
                default: .string(name)
                }
        }
        return .dictionary(row)
    }
}
