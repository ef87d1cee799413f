import ModuleKit
import Testing
import WAMP

@testable import FleetDB

@Suite struct RowReaderTests {
    /// What a value becomes in a column of a type.
    struct Case: Sendable, CustomTestStringConvertible {
        var dataType: DataType
        var value: Value
        var cell: Kept
        var testDescription: String { "\(dataType) \(value)" }

        init(_ dataType: DataType, _ value: Value, _ cell: Kept) {
            self.dataType = dataType
            self.value = value
            self.cell = cell
        }
    }

    enum Kept: Sendable, Equatable { case null, integer(Int64), real(Double), text(String) }

    static let cases: [Case] = [
        Case(.numeric, 1, .real(1)), Case(.numeric, 1.5, .real(1.5)), Case(.numeric, "2.5", .real(2.5)),
        Case(.numeric, "", .real(0)), Case(.numeric, true, .real(1)), Case(.numeric, "x", .null),
        Case(.numeric, [1], .null), Case(.numeric, .unsigned(.max), .real(18_446_744_073_709_551_616)),
        Case(.bigint, 1, .integer(1)), Case(.bigint, 1.0, .integer(1)), Case(.bigint, 1.5, .null),
        Case(.bigint, "12", .integer(12)), Case(.bigint, " -12 ", .integer(-12)), Case(.bigint, "1.0", .null),
        Case(.bigint, .unsigned(.max), .null), Case(.bigint, "9223372036854775808", .null), Case(.bigint, true, .null),
        Case(.boolean, true, .integer(1)), Case(.boolean, "true", .integer(1)), Case(.boolean, 1, .integer(1)),
        Case(.boolean, false, .integer(0)), Case(.boolean, 0.0, .integer(0)), Case(.boolean, "false", .integer(0)),
        Case(.boolean, "yes", .null), Case(.boolean, 2, .null),
        Case(.string, "x", .text("x")), Case(.string, "", .text("")),
        Case(.string, "a\"\u{1}€\n", .text("a\"\u{1}€\n")),
        Case(.string, 1, .text("1")), Case(.string, 0.1, .text("0.1")), Case(.string, 1e21, .text("1e+21")),
        Case(.string, true, .text("true")), Case(.string, ["a": 1], .null),
        Case(.timestamp, 1000, .integer(1000)), Case(.timestamp, 1000.9, .integer(1000)),
        Case(.timestamp, -0.5, .integer(-1)), Case(.timestamp, "1970-01-01T00:00:01Z", .integer(1000)),
        Case(.timestamp, "soon", .null), Case(.timestamp, true, .null),
        Case(.json, [1, "a", nil], .text("[1,\"a\",null]")), Case(.json, "a", .text("\"a\"")),
        Case(.json, 5, .text("5")),
        Case(.json, false, .text("false")), Case(.json, ["k": ["x": []]], .text("{\"k\":{\"x\":[]}}")),
        Case(.numeric, nil, .null), Case(.json, nil, .null), Case(.string, nil, .null),
    ]

    @Test(arguments: cases, Serializer.allCases)
    func `a value becomes what its column's type makes of it`(_ test: Case, _ serializer: Serializer) throws {
        let schema = TableSchema(name: "t", columns: [Column("tsp", .timestamp), Column("c", test.dataType)])
        let payload = Payload([["tsp": 0, "c": test.value]], serializer: serializer)
        #expect(try Self.read(payload, schema).map(\.[1]) == [test.cell])
    }

    @Test func `values are found by their columns' paths`() throws {
        let columns = [
            Column("tsp", .timestamp, source: ColumnSource(path: "args[1].time")),
            Column("x", .numeric, source: ColumnSource(path: "args[0].position.x")),
            Column("second", .string, source: ColumnSource(path: "args[0].list[1].name")),
            Column("name", .string, source: ColumnSource(path: "kwargs.DEVICE_NAME")),
            Column("who", .string, source: ColumnSource(path: "details.caller_authid")),
            Column("plain", .bigint),
        ]
        let row: Value = ["position": ["x": 1.5], "list": [["name": "a"], ["name": "b"]], "plain": 3]
        for serializer in Serializer.allCases {
            let payload = Payload([row, ["time": 5]], ["DEVICE_NAME": "press"], serializer: serializer)
            let rows = try Self.read(payload, TableSchema(name: "t", columns: columns))
            #expect(
                rows == [[.integer(5), .real(1.5), .text("b"), .text("press"), .text("SER-1"), .integer(3)]])
        }
    }

    @Test(
        arguments: [
            (["DEVICE_KEY": "7"], ["tsp": 0], 7), (["DEVICE_KEY": 7], ["tsp": 0], 7),
            ([:], ["tsp": 0, "DEVICE_KEY": "8"], 8), (["DEVICE_KEY": nil], ["tsp": 0, "DEVICE_KEY": 8], 8),
            (["DEVICE_KEY": "7"], ["tsp": 0, "DEVICE_KEY": 8], 7), ([:], ["tsp": 0], -1),
            (["DEVICE_KEY": "x"], ["tsp": 0], -1), (["DEVICE_KEY": 1.5], ["tsp": 0], -1),
            (["DEVICE_KEY": ""], ["tsp": 0], -1),
        ] as [([String: Value], Value, Int64)])
    func `the device is DEVICE_KEY of the keyword arguments, else of the row`(
        keywords: [String: Value], row: Value, expected: Int64
    ) throws {
        var reader = RowReader(RowPlan(TableSchema(name: "t", columns: [Column("tsp", .timestamp)])))
        let payload = Payload([row], keywords)
        try reader.begin(payload, .single, RowAuthor(role: "caller"))
        #expect(try reader.next(payload))
        #expect(reader.deviceKey == expected)
        #expect(try !reader.next(payload))
    }

    @Test func `absent and null are two things, the last of two keys counts`() throws {
        let schema = TableSchema(
            name: "t", columns: [Column("tsp", .timestamp), Column("a", .bigint), Column("b", .bigint)])
        var reader = RowReader(RowPlan(schema))
        let payload = Payload(
            serializer: .json, arguments: Array(#"[{"tsp":1,"tsp":2,"b":null,"\u0061x":1,"other":{"a":5}}]"#.utf8))
        try reader.begin(payload, .single, RowAuthor(role: "caller"))
        #expect(try reader.next(payload))
        #expect(reader.cells == [.integer(2), .absent, .null])
    }

    /// The reader remembers which key stood where; it must not matter.
    @Test(arguments: Serializer.allCases)
    func `rows of one bulk may have their keys in any order`(_ serializer: Serializer) throws {
        let names = ["tsp", "a", "ab", "abcdefgh", "abcdefghi"]
        let schema = TableSchema(name: "t", columns: names.map { Column($0, $0 == "tsp" ? .timestamp : .bigint) })
        let orders = [
            names, names, names.reversed(), ["abcdefghi", "x", "tsp"], ["abcdefgh", "tsp", "ab", "y", "a"], names,
        ]
        var writer = ValueWriter(serializer)
        writer.beginList(1)
        writer.beginList(orders.count)
        for order in orders {
            writer.beginDictionary(order.count)
            for name in order {
                writer.key(name)
                writer.integer(Int64(name.utf8.count))
            }
            writer.endDictionary()
        }
        writer.endList()
        writer.endList()
        let rows = try Self.read(Payload(serializer: serializer, arguments: writer.bytes), schema, .bulk)
        let expected: [[Kept]] = orders.map { order in
            names.map { order.contains($0) ? .integer(Int64($0.utf8.count)) : .null }
        }
        #expect(rows == expected)
    }

    @Test func `white space in JSON changes nothing`() throws {
        let schema = TableSchema(name: "t", columns: [Column("tsp", .timestamp), Column("ab", .string)])
        let text = "[ [ {\"tsp\":1,\"ab\":\"x\"} , { \"tsp\" : 2 , \"ab\" :\n\"y\" }, {\"tsp\":3,\"ab\":\"z\"} ] ]"
        let rows = try Self.read(Payload(serializer: .json, arguments: Array(text.utf8)), schema, .bulk)
        #expect(rows == [[.integer(1), .text("x")], [.integer(2), .text("y")], [.integer(3), .text("z")]])
    }

    @Test(
        arguments: [
            ("7", 7), ("007", 7), ("999999999999999999", 999_999_999_999_999_999), ("9223372036854775807", .max),
            ("9223372036854775808", -1), ("-3", -3), ("+3", 3), (" 4 ", 4), ("1e3", 1000), ("4x", -1),
        ] as [(String, Int64)])
    func `a device key may be a text`(_ text: String, _ expected: Int64) throws {
        for serializer in Serializer.allCases {
            var reader = RowReader(RowPlan(TableSchema(name: "t", columns: [Column("tsp", .timestamp)])))
            let payload = Payload([["tsp": 0]], ["DEVICE_KEY": .string(text)], serializer: serializer)
            try reader.begin(payload, .single, RowAuthor(role: "caller"))
            _ = try reader.next(payload)
            #expect(reader.deviceKey == expected)
        }
    }

    @Test func `a key with escapes is the same key`() throws {
        let schema = TableSchema(name: "t", columns: [Column("tsp", .timestamp), Column("ab", .string)])
        let payload = Payload(
            serializer: .json, arguments: Array(#"[[{"tsp":1,"\u0061b":"x"},{"tsp":2,"ab":"y"}]]"#.utf8))
        #expect(try Self.read(payload, schema, .bulk) == [[.integer(1), .text("x")], [.integer(2), .text("y")]])
    }

    @Test(arguments: [
        Payload.none, Payload([[]]), Payload(["row"]), Payload([nil]), Payload([5], ["tsp": 1]), Payload([["a": 1]]),
    ])
    func `a payload without a row, or a row without tsp, says so`(_ payload: Payload) {
        let error = #expect(throws: Refusal.self) {
            try Self.read(payload, TableSchema(name: "t", columns: [Column("tsp", .timestamp)]))
        }
        #expect(error?.reason == "missing tsp")
    }

    @Test(arguments: [Payload.none, Payload([[]]), Payload([["tsp": 1]]), Payload(["x"]), Payload([nil])])
    func `a bulk wants a list of rows`(_ payload: Payload) {
        let error = #expect(throws: Refusal.self) {
            try Self.read(payload, TableSchema(name: "t", columns: [Column("tsp", .timestamp)]), .bulk)
        }
        #expect(error?.uri == .runtimeError)
    }

    @Test(arguments: [Int64.min, Timestamp.range.lowerBound - 1, Timestamp.range.upperBound + 1, .max])
    func `a time beyond any calendar is refused`(_ tsp: Int64) {
        #expect(throws: Refusal.self) {
            try Self.read(
                Payload([["tsp": .integer(tsp)]]), TableSchema(name: "t", columns: [Column("tsp", .timestamp)]))
        }
    }

    /// The rows of a payload, texts and all.
    static func read(
        _ payload: Payload, _ schema: TableSchema, _ form: RowReader.Form = .single
    ) throws -> [[Kept]] {
        var reader = RowReader(RowPlan(schema))
        try reader.begin(payload, form, RowAuthor(role: "caller", authid: "SER-1"))
        var rows: [[Kept]] = []
        while try reader.next(payload) {
            rows.append(
                reader.cells.map { cell in
                    switch cell {
                    case .absent, .null: return .null
                    case .integer(let value): return .integer(value)
                    case .real(let value): return .real(value)
                    case .text(let place):
                        let bytes =
                            switch place.source {
                            case .arguments: payload.arguments
                            case .argumentsKw: payload.argumentsKw
                            case .scratch: reader.scratch
                            }
                        return .text(String(decoding: bytes[place.range.range], as: UTF8.self))
                    }
                })
        }
        return rows
    }
}
