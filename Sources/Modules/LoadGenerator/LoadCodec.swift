package import NIOCore

/// One connection's side of a protocol: how its role is taken up, how it acts, and what comes back.
///
/// Confined to the connection's event loop. A codec has no socket: it appends to its output what its connection is to
/// write, and is given what the connection has read.
package protocol LoadCodec: AnyObject {
    /// Says what a client says first; the transport stands.
    func begin()
    /// Takes what was read, answers what only wants an answer (pings, invocations), and tells the rest.
    func receive(_ input: ByteBuffer, _ signals: inout [LoadSignal]) throws
    /// Sends a call.
    /// - Returns: what its answer will be known by: consecutive numbers.
    func call() -> UInt64
    /// Sends a publication, acknowledged or not as the load has it.
    /// - Returns: what its acknowledgement will be known by: consecutive numbers.
    func publish(topic: Int, _ stamp: LoadStamp) -> UInt64
    /// Says farewell.
    /// - Returns: whether `.left` will follow; if not, the connection is closed at once.
    func leave() -> Bool
    /// What the server said when it last refused something.
    var latestError: String? { get }
    /// Moves what is to be written to the end of a buffer.
    func drain(into buffer: inout ByteBuffer)
}

/// What a server has told a connection.
package enum LoadSignal: Sendable, Hashable {
    /// The connection has taken up its role: joined, subscribed, registered.
    case ready
    case result(UInt64)
    case acknowledged(UInt64)
    /// An event; its stamp, if it has one.
    case event(LoadStamp?)
    /// A request was refused, or failed.
    case failed(UInt64)
    case left
}
