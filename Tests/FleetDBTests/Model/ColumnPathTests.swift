import Testing

@testable import FleetDB

@Suite struct ColumnPathTests {
    @Test(arguments: [
        ("args[0].temperature", ColumnSource.row("temperature")),
        ("args[0]['a b']", .row("a b")),
        ("args[0].position.x", .insideRow(["position", "x"])),
        ("args[0].list[2]", .insideRow(["list", "2"])),
        ("args[2].tsp", .argument(2, ["tsp"])),
        ("args[1]", .argument(1, [])),
        ("kwargs.DEVICE_NAME", .keyword(["DEVICE_NAME"])),
        ("kwargs[\"a.b\"].c", .keyword(["a.b", "c"])),
        ("details.caller_authid", .details(["caller_authid"])),
    ])
    func `a template's path says where a value is found`(path: String, expected: ColumnSource) {
        #expect(ColumnSource(path: path) == expected)
    }

    @Test(arguments: ["", "row.x", "args", "args.x", "args[-1].x"])
    func `another path is none`(path: String) {
        #expect(ColumnSource(path: path) == nil)
    }

    @Test(arguments: [
        ("temperature", "temperature", []),
        ("json_data.a.b", "json_data", ["a", "b"]),
        ("json_data['k k']", "json_data", ["k k"]),
        ("json_data[ \"k\" ][0]", "json_data", ["k", "0"]),
        ("json_data..a", "json_data..a", []),
        ("json_data[", "json_data[", []),
        ("a-b", "a-b", []),
        ("1a", "1a", []),
    ])
    func `a reference is a column and keys, or a column that no table has`(
        text: String, column: String, path: [String]
    ) {
        let reference = ColumnReference(text)
        #expect(reference.column == column)
        #expect(reference.path == path)
    }
}
