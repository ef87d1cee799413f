/// A value that is bound to a statement.
enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
}

/// A piece of SQL with the values of its `?`, in their order. No value from outside is ever part of the text.
struct SQLFragment: Sendable, Hashable {
    var text: String
    var values: [SQLValue]

    init(_ text: String, _ values: [SQLValue] = []) {
        self.text = text
        self.values = values
    }

    /// A name as SQL wants it; column ids have no quotes, `DataTemplate` sees to that.
    static func name(_ id: String) -> String { "\"\(id)\"" }
}
