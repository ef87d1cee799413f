import Testing
import WAMP

@testable import ModuleKit

@Suite struct ProcedureCallTests {
    enum Colour: String, CaseIterable { case red, blue }

    private func call(_ argumentsKw: [String: Value]) -> ProcedureCall {
        ProcedureCall(procedure: "x", argumentsKw: argumentsKw)
    }

    /// The error that reading throws; nil when it throws none.
    private func error(_ read: () throws -> Void) -> WAMPError? {
        do {
            try read()
            return nil
        } catch {
            return error as? WAMPError
        }
    }

    @Test func `fields are read by their type, absent and null are nil`() throws {
        let call = call(["s": "text", "i": 7, "d": 7.0, "b": true, "c": "blue", "n": nil])
        #expect(try call.string("s") == "text")
        #expect(try call.integer("i", in: 1...9) == 7)
        #expect(try call.integer("d", in: 1...9) == 7)
        #expect(try call.bool("b") == true)
        #expect(try call.choice("c", of: Colour.self) == .blue)
        #expect(try call.string("n") == nil)
        #expect(try call.integer("absent", in: 1...9) == nil)
        #expect(try call.bool("absent") == nil)
        #expect(try call.choice("absent", of: Colour.self) == nil)
    }

    @Test func `a wrong field is named, with what was expected`() throws {
        let call = call(["s": 1, "i": 10, "f": 1.5, "b": "true", "c": "green"])
        let errors: [(String, WAMPError?)] = [
            ("s", error { _ = try call.string("s") }), ("i", error { _ = try call.integer("i", in: 1...9) }),
            ("f", error { _ = try call.integer("f", in: 1...9) }), ("b", error { _ = try call.bool("b") }),
            ("c", error { _ = try call.choice("c", of: Colour.self) }),
            ("m", error { _ = try call.string(required: "m") }),
            ("m", error { _ = try call.choice(required: "m", of: Colour.self) }),
        ]
        for (field, error) in errors {
            let error = try #require(error)
            #expect(error.uri == .invalidArgument)
            #expect(try error.payload.decodedArgumentsKw() == ["field": .string(field)])
            #expect(error.sentence?.contains(field) == true && error.sentence?.contains("expected") == true)
        }
        #expect(errors[1].1?.sentence == "i: expected a whole number from 1 to 9.")
        #expect(errors[4].1?.sentence == "c: expected one of red, blue.")
    }

    @Test func `an error carries its sentence and its field`() throws {
        let error = WAMPError.conflict("name", "There is one already.")
        #expect(error.uri.rawValue == "gantry.error.conflict")
        #expect(error.sentence == "There is one already.")
        #expect(try error.payload.decodedArgumentsKw() == ["field": "name"])
        #expect(WAMPError.notFound("x", "y").uri.rawValue == "gantry.error.not_found")
        #expect(try WAMPError(.unavailable, "later").payload.decodedArgumentsKw().isEmpty)
    }
}
