import WAMP

@testable import FleetDB

/// What must hold for rows that somebody wants written: in whatever serializer they come, they are the same rows, or
/// refused for the same reason.
enum RowsAgreement {
    static func difference(_ bytes: [UInt8]) -> String? {
        var input = InputReader(bytes)
        let form = input.bit() ? RowReader.Form.bulk : .single
        let serializer = input.pick(Serializer.allCases)
        let count = Int(input.byte()) << 8 | Int(input.byte())
        let payload = Payload(
            serializer: serializer, arguments: input.bytes(count), argumentsKw: input.remaining)
        guard payload.isWellFormed else { return nil }
        let rows = outcome(payload, form)
        // JSON cannot say everything.
        for other in [Serializer.messagePack, .cbor] where other != serializer {
            do throws(WireError) {
                let elsewhere = outcome(try payload.transcoded(to: other), form)
                guard rows.isSame(as: elsewhere) else {
                    return "\(serializer.name): \(rows), \(other.name): \(elsewhere)"
                }
            } catch {
                return "\(serializer.name) to \(other.name): \(error)"
            }
        }
        return nil
    }

    private static let schema: TableSchema = {
        let rows: [Column] = [
            Column("tsp", .timestamp), Column("n", .numeric), Column("b", .bigint), Column("s", .string),
            Column("f", .boolean), Column("t", .timestamp), Column("j", .json),
        ]
        let elsewhere = [
            ("x", DataType.numeric, "args[0].p.x"), ("second", .string, "args[0].p[1]"), ("k", .json, "kwargs.k"),
            ("word", .string, "kwargs.k.word"), ("next", .bigint, "args[1].b"),
            ("who", .string, "details.caller_authid"),
            ("number", .numeric, "details.caller"),
        ]
        return TableSchema(
            name: "t",
            columns: rows
                + elsewhere.compactMap { id, dataType, path in
                    ColumnSource(path: path).map { Column(id, dataType, source: $0) }
                })
    }()

    // MARK: What a payload comes to

    private struct Row {
        var device: Int64
        var cells: [Kept]
    }

    private enum Kept {
        case absent, null
        case integer(Int64)
        case real(Double)
        case text(String)
        case json(Value)
    }

    private struct Outcome {
        var rows: [Row] = []
        var refusal: String?

        func isSame(as other: Outcome) -> Bool {
            refusal == other.refusal && rows.count == other.rows.count
                && zip(rows, other.rows).allSatisfy { left, right in
                    left.device == right.device && zip(left.cells, right.cells).allSatisfy(RowsAgreement.isSame)
                }
        }
    }

    private static func isSame(_ left: Kept, _ right: Kept) -> Bool {
        switch (left, right) {
        case (.absent, .absent), (.null, .null): true
        case (.integer(let left), .integer(let right)): left == right
        case (.real(let left), .real(let right)): left == right && left.isFinite
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.json(let left), .json(let right)):
            Agreement.isSame(Agreement.throughJSON(left), Agreement.throughJSON(right))
        default: false
        }
    }

    private static func outcome(_ payload: Payload, _ form: RowReader.Form) -> Outcome {
        var outcome = Outcome()
        var reader = RowReader(RowPlan(schema))
        do throws(Refusal) {
            try reader.begin(payload, form, RowAuthor(role: "caller", authid: "SER-1", session: 7))
            while try reader.next(payload) {
                var cells: [Kept] = []
                for (cell, column) in zip(reader.cells, schema.columns) {
                    cells.append(kept(cell, column.dataType, payload, reader.scratch))
                }
                outcome.rows.append(Row(device: reader.deviceKey, cells: cells))
            }
        } catch {
            outcome.refusal = error.reason
        }
        return outcome
    }

    private static func kept(_ cell: Cell, _ dataType: DataType, _ payload: Payload, _ scratch: [UInt8]) -> Kept {
        switch cell {
        case .absent: return .absent
        case .null: return .null
        case .integer(let value): return .integer(value)
        case .real(let value): return .real(value)
        case .text(let place):
            let bytes =
                switch place.source {
                case .arguments: payload.arguments
                case .argumentsKw: payload.argumentsKw
                case .scratch: scratch
                }
            let text = Array(bytes[place.range.range])
            guard dataType == .json else { return .text(String(decoding: text, as: UTF8.self)) }
            guard let value = try? Value.decode(text, .json) else { return .text("no JSON: \(text)") }
            return .json(value)
        }
    }
}

extension Payload {
    /// What the router sees to before anybody else reads it.
    fileprivate var isWellFormed: Bool {
        let list = try? Value.decode(arguments, serializer)
        let dictionary = try? Value.decode(argumentsKw, serializer)
        return (arguments.isEmpty || list?.list != nil) && (argumentsKw.isEmpty || dictionary?.dictionary != nil)
    }

    fileprivate func transcoded(to other: Serializer) throws(WireError) -> Payload {
        var parts: [[UInt8]] = []
        for part in [arguments, argumentsKw] {
            var writer = ValueWriter(other)
            if !part.isEmpty {
                try Transcoder.transcode(part.span, ByteRange(0, part.count), from: serializer, into: &writer)
            }
            parts.append(writer.bytes)
        }
        return Payload(serializer: other, arguments: parts[0], argumentsKw: parts[1])
    }
}
