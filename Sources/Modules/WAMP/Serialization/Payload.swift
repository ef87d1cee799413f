/// The application's part of a message, `Arguments|list` and `ArgumentsKw|dict`, in the bytes it came in.
///
/// The bytes are one well-formed list (or nothing) and one well-formed dictionary (or nothing) of `serializer`.
package struct Payload: Sendable, Hashable {
    package var serializer: Serializer
    /// One encoded list; empty when the message had no arguments.
    package var arguments: [UInt8]
    /// One encoded dictionary; empty when the message had no keyword arguments.
    package var argumentsKw: [UInt8]

    package init(serializer: Serializer, arguments: [UInt8] = [], argumentsKw: [UInt8] = []) {
        self.serializer = serializer
        self.arguments = arguments
        self.argumentsKw = argumentsKw
    }
}
