import Testing
import WAMP

@testable import FleetDB

@Suite struct DataTemplateTests {
    @Test func `a table has its columns, its entity key and its times`() throws {
        let value = template(
            [("machine", "string"), ("load", "numeric")],
            with: [
                "maintainLatestFlagFor": ["machine", "device_key"], "dropAfter": "30 days",
                "chunkTimeInterval": "12 hours", "private": true,
            ])
        let table = try #require(DataTemplate(value).tables.first)
        #expect(table.name == "sensordata")
        #expect(table.columns.map(\.id) == ["tsp", "machine", "load"])
        #expect(table.columns.map(\.dataType) == [.timestamp, .string, .numeric])
        #expect(table.entityKey == ["machine", "device_key"])
        #expect(table.retentionMilliseconds == 2_592_000_000)
        #expect(table.chunkMilliseconds == 43_200_000)
        #expect(table.isPrivate)
    }

    @Test func `a template without tables has none`() throws {
        #expect(try DataTemplate(["data": ["description": "x"]]).tables.isEmpty)
    }

    @Test(
        arguments: [
            (template([("a", "text")]), "columns[1].dataType"),
            (template([("tsp", "numeric")]), "columns[1].id"),
            (template([("A", "numeric"), ("a", "numeric")]), "columns[2].id"),
            (template([("device_key", "bigint")]), "columns[1].id"),
            (template([("a\"; DROP TABLE rows", "numeric")]), "columns[1].id"),
            (template([("1a", "numeric")]), "columns[1].id"),
            (template([], table: "../etc"), "tablename"),
            (template([], table: ""), "tablename"),
            (template([], table: "error-logs"), "tablename"),
            (template([], with: ["dropAfter": "soon"]), "dropAfter"),
            (template([], with: ["chunkTimeInterval": "1 second"]), "chunkTimeInterval"),
            (template([], with: ["maintainLatestFlagFor": ["nobody"]]), "maintainLatestFlagFor"),
            (template([], with: ["maintainLatestFlagFor": ["tsp"]]), "maintainLatestFlagFor"),
            (template([], with: ["columns": []]), "columns"),
            (template([], with: ["columns": [["id": "tsp", "dataType": "string"]]]), "columns"),
            (["data": ["tables": "none"]], "data.tables"),
        ] as [(Value, String)])
    func `what cannot be kept is named`(value: Value, place: String) {
        let error = #expect(throws: TemplateError.self) { try DataTemplate(value) }
        #expect(error?.path.hasSuffix(place) == true, "\(String(describing: error))")
    }
}
