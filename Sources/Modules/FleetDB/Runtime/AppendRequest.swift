import ModuleKit
import WAMP

/// Rows that somebody wants written, on their way to the writer.
struct AppendRequest: Sendable {
    var table: Table
    var form: RowReader.Form
    var payload: Payload
    var author: RowAuthor
    /// Where the rows go once they are durable.
    var feed: TableFeed
    /// Who waits for the answer; nil when the rows were published.
    var invocation: Invocation?

    /// What the request weighs in the queue.
    var byteCount: Int { payload.arguments.count + payload.argumentsKw.count + 256 }
}

/// The session and the topics on which a table's rows are published.
struct TableFeed: Sendable {
    var session: any ClientSession
    var options: PublishOptions
    var transformed: String
    var transformedBulk: String
    var commit: String

    init(_ session: any ClientSession, _ schema: TableSchema) {
        self.session = session
        options = PublishOptions()
        if schema.isPrivate { options.excludeAuthRole = ["app_reader"] }
        transformed = "transformed.\(schema.name)"
        transformedBulk = "transformed.bulk.\(schema.name)"
        commit = "fleetdb.commit.\(schema.name)"
    }
}

/// The answers of `append` and `appendBulk`.
enum AppendAnswer {
    /// `[{"success": true}]`, encoded once for each serializer.
    static func single(_ serializer: Serializer) -> Payload {
        switch serializer {
        case .json: json
        case .messagePack: messagePack
        case .cbor: cbor
        }
    }

    /// `[{"success": true, "count": n}]`
    static func bulk(_ serializer: Serializer, count: Int) -> Payload {
        Payload([["success": true, "count": .integer(Int64(count))]], serializer: serializer)
    }

    private static let json = Payload([["success": true]], serializer: .json)
    private static let messagePack = Payload([["success": true]], serializer: .messagePack)
    private static let cbor = Payload([["success": true]], serializer: .cbor)
}

extension Refusal {
    /// The ERROR that the caller gets: the reason first, then where in the request the mistake is.
    func error(_ serializer: Serializer) -> WAMPError {
        var arguments: [Value] = [.string(reason)]
        if let path { arguments.append(["path": .string(path)]) }
        return WAMPError(uri, Payload(arguments, serializer: serializer))
    }
}
