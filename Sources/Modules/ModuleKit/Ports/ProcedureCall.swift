// How a module offers a verb: kwargs in, one dictionary (or one list of them) out, errors as WAMP error URIs with a sentence as their first
// argument and the field that is wrong in their kwargs. The command line and the web UI show that sentence as it is.

package import Logging
package import WAMP

/// A call of one of a module's procedures, its arguments decoded.
package struct ProcedureCall: Sendable {
    package var procedure: String
    package var callerAuthID: String?
    package var callerAuthRole: String?
    package var arguments: [Value]
    package var argumentsKw: [String: Value]

    package init(
        procedure: String, callerAuthID: String? = nil, callerAuthRole: String? = nil, arguments: [Value] = [],
        argumentsKw: [String: Value] = [:]
    ) {
        self.procedure = procedure
        self.callerAuthID = callerAuthID
        self.callerAuthRole = callerAuthRole
        self.arguments = arguments
        self.argumentsKw = argumentsKw
    }
}

// MARK: Reading arguments

extension ProcedureCall {
    /// A text; nil when the field is absent or null.
    package func string(_ field: String) throws(WAMPError) -> String? {
        try read(field, "a text") { $0.string }
    }
    package func string(required field: String) throws(WAMPError) -> String {
        try require(field, "a text", string(field))
    }

    /// A whole number within a range; nil when the field is absent or null.
    package func integer(_ field: String, in range: ClosedRange<Int64>) throws(WAMPError) -> Int64? {
        try read(field, "a whole number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    package func bool(_ field: String) throws(WAMPError) -> Bool? {
        try read(field, "true or false") { $0.bool }
    }

    /// One of an enumeration's raw values; nil when the field is absent or null.
    package func choice<Choice>(_ field: String, of type: Choice.Type = Choice.self) throws(WAMPError) -> Choice?
    where Choice: CaseIterable & RawRepresentable<String> {
        try read(field, "one of \(Self.words(Choice.self))") { $0.string.flatMap(Choice.init(rawValue:)) }
    }
    package func choice<Choice>(
        required field: String, of type: Choice.Type = Choice.self
    ) throws(WAMPError) -> Choice where Choice: CaseIterable & RawRepresentable<String> {
        try require(field, "one of \(Self.words(Choice.self))", choice(field))
    }

    private static func words<Choice>(_: Choice.Type) -> String
    where Choice: CaseIterable & RawRepresentable<String> {
        Choice.allCases.map(\.rawValue).joined(separator: ", ")
    }

    private func read<Read>(
        _ field: String, _ expected: String, _ convert: (Value) -> Read?
    ) throws(WAMPError) -> Read? {
        guard let value = argumentsKw[field], value != .null else { return nil }
        guard let read = convert(value) else { throw .invalidArgument(field, "\(field): expected \(expected).") }
        return read
    }

    private func require<Read>(_ field: String, _ expected: String, _ value: Read?) throws(WAMPError) -> Read {
        guard let value else { throw .invalidArgument(field, "\(field) is missing: expected \(expected).") }
        return value
    }
}

// MARK: Errors

extension ErrorURI {
    /// What was to be made is there already, or what was to be removed is still needed.
    package static let conflict: ErrorURI = "gantry.error.conflict"
    package static let notFound: ErrorURI = "gantry.error.not_found"
}

extension WAMPError {
    /// - Parameter sentence: what was expected and what to do; shown to people as it is.
    package init(_ uri: ErrorURI, _ sentence: String, field: String? = nil) {
        let details: [String: Value] = field.map { ["field": .string($0)] } ?? [:]
        self.init(uri, Payload([.string(sentence)], details))
    }

    package static func invalidArgument(_ field: String, _ sentence: String) -> WAMPError {
        WAMPError(.invalidArgument, sentence, field: field)
    }
    package static func conflict(_ field: String, _ sentence: String) -> WAMPError {
        WAMPError(.conflict, sentence, field: field)
    }
    package static func notFound(_ field: String, _ sentence: String) -> WAMPError {
        WAMPError(.notFound, sentence, field: field)
    }

    /// The first argument, if it is a sentence.
    package var sentence: String? { (try? payload.decodedArguments())?.first?.string }
}

extension WAMPError: CustomStringConvertible {
    /// `wamp.error.not_authorized: There is no account x.`
    package var description: String { "\(uri)\(sentence.map { ": \($0)" } ?? "")" }
}

// MARK: Offering and calling

extension ClientSession {
    /// Registers a procedure that answers each call with one value, a dictionary or a list of dictionaries.
    ///
    /// Calls are answered side by side, in no particular order. A `WAMPError` that `answer` throws is the call's ERROR;
    /// any other error is logged, and the caller learns only that something went wrong. Whether the caller still waits
    /// does not matter: what a verb has begun to change, it changes to the end.
    package func serve(
        _ procedure: String, logger: Logger,
        _ answer: @escaping @Sendable (ProcedureCall) async throws -> Value
    ) async throws(WAMPError) {
        _ = try await register(procedure, options: RegisterOptions()) { invocation in
            // A handler must not wait, so each call gets a task of its own; it ends with its answer.
            Task {
                do {
                    let call = try ProcedureCall(invocation)
                    invocation.yield(Payload([try await answer(call)]))
                } catch let error as WAMPError {
                    invocation.fail(error)
                } catch {
                    logger.error("procedure failed", metadata: .facts([.uri: procedure, .error: "\(error)"]))
                    invocation.fail(WAMPError(.runtimeError, "The server could not do this; its log says why."))
                }
            }
        }
    }

    /// Calls a procedure that takes kwargs and answers with one value.
    package func ask(_ procedure: String, _ argumentsKw: [String: Value] = [:]) async throws(WAMPError) -> Value {
        let result = try await call(procedure, Payload([], argumentsKw))
        guard let answer = (try? result.decodedArguments())?.first else {
            throw WAMPError(.invalidArgument, "\(procedure) answered with nothing.")
        }
        return answer
    }
}

extension ProcedureCall {
    init(_ invocation: Invocation) throws(WAMPError) {
        do throws(WireError) {
            self.init(
                procedure: invocation.procedure, callerAuthID: invocation.callerAuthID,
                callerAuthRole: invocation.callerAuthRole,
                arguments: try invocation.payload.decodedArguments(),
                argumentsKw: try invocation.payload.decodedArgumentsKw())
        } catch {
            throw WAMPError(.invalidArgument, "The arguments cannot be read.")
        }
    }
}
