import ModuleKit
import WAMP

/// Rows that somebody wants written, on their way to the writer.
///
/// A class, because it goes through queue, batch and outcome: each of them then holds one reference.
final class AppendRequest: Sendable {
    let table: Table
    let form: RowReader.Form
    let payload: Payload
    let author: RowAuthor
    /// Where the rows go once they are durable.
    let feed: TableFeed
    /// Who waits for the answer; nil when the rows were published.
    let invocation: Invocation?
    /// What the request weighs in the queue.
    let byteCount: Int

    init(
        table: Table, form: RowReader.Form, payload: Payload, author: RowAuthor, feed: TableFeed,
        invocation: Invocation? = nil
    ) {
        self.table = table
        self.form = form
        self.payload = payload
        self.author = author
        self.feed = feed
        self.invocation = invocation
        byteCount = payload.arguments.count + payload.argumentsKw.count + 256
    }
}

/// The session and the topics on which a table's rows are published.
final class TableFeed: Sendable {
    let session: any ClientSession
    let options: PublishOptions
    let transformed: String
    let transformedBulk: String
    let commit: String

    init(_ session: any ClientSession, _ schema: TableSchema) {
        self.session = session
        var options = PublishOptions()
        if schema.isPrivate { options.excludeAuthRole = ["app_reader"] }
        self.options = options
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
