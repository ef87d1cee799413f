import NIOCore

#if canImport(Glibc)
import Glibc
#endif

/// Linux's `struct ucred`, which Glibc's module does not show.
private struct UserCredentials: BitwiseCopyable {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
}

/// Who is at the other end of a unix socket: the kernel knows, and nobody can lie to it.
enum UnixPeer {
    struct Credentials: Sendable {
        var user: UInt32
        var group: UInt32
    }

    /// The user and group of the process that connected (SO_PEERCRED); nil for other sockets.
    static func credentials(of channel: (any Channel)?, on eventLoop: any EventLoop) -> EventLoopFuture<Credentials?> {
        #if os(Linux)
        guard let provider = channel as? any SocketOptionProvider else {
            return eventLoop.makeSucceededFuture(nil)
        }
        let name = NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        return provider.unsafeGetSocketOption(level: .socket, name: name)
            .map { (credentials: UserCredentials) in Credentials(user: credentials.user, group: credentials.group) }
            .flatMapErrorThrowing { _ in nil }
        #else
        return eventLoop.makeSucceededFuture(nil)
        #endif
    }
}
