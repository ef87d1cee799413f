import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A TCP socket that is bound to an address, for several server channels: NIO's bootstraps make one from an address.
struct BoundSocket: ~Copyable {
    private let descriptor: CInt

    /// - Throws: `IOError` with the system's reason.
    init(_ address: SocketAddress) throws(IOError) {
        #if os(Linux)
        let kind = CInt(SOCK_STREAM.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        descriptor = socket(address.protocol.rawValue, kind, 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var on: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        // A restart must not wait for the last connections of the process before.
        guard setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size) == 0 else {
            throw IOError(errnoCode: errno, reason: "setsockopt")
        }
        let failed = address.withSockAddr { bind(descriptor, $0, socklen_t($1)) != 0 }
        if failed { throw IOError(errnoCode: errno, reason: "bind") }
    }

    deinit { close(descriptor) }

    /// Another descriptor of the same socket, whose owner closes it.
    func duplicate() throws(IOError) -> NIOBSDSocket.Handle {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw IOError(errnoCode: errno, reason: "fcntl") }
        return copy
    }
}
