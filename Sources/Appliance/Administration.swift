// The command line as a peer: it joins realm gantry.admin over the unix socket, where the kernel says who it is, and
// calls the procedures that the web UI calls too. It has no other door.

import ArgumentParser
import ModuleKit
import WAMP
import WAMPClient

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where the server is. Every command that talks to one has these.
struct ServerOptions: ParsableArguments {
    @Option(help: "gantry.yml of the server.")
    var config = ApplianceConfiguration.defaultPath

    /// Joins the realm of administration, does something there, and leaves.
    func administer<Result: Sendable>(
        _ work: (Administration) async throws -> Result
    ) async throws -> Result {
        let socket = try ApplianceConfiguration.unixSocket(config)
        let administration = Administration(session: try await connectToAdministration(unixSocket: socket))
        do {
            let result = try await work(administration)
            await administration.session.leave(reason: .normalClose)
            return result
        } catch {
            await administration.session.leave(reason: .normalClose)
            throw error
        }
    }
}

/// A session in `gantry.admin`.
struct Administration: Sendable {
    let session: any ClientSession

    /// Calls `gantry.<verb>`; nil arguments are left out.
    ///
    /// - Returns: what the procedure answers with, a dictionary or a list of dictionaries.
    func call(_ verb: String, _ arguments: [String: Value?] = [:]) async throws -> Value {
        do {
            return try await session.ask("gantry.\(verb)", arguments.compactMapValues { $0 })
        } catch {
            throw CommandError(error)
        }
    }
}

extension CommandError {
    /// An ERROR or ABORT of the server as a sentence and an exit status.
    init(_ error: WAMPError) {
        let sentence = error.sentence
        switch error.uri {
        case .notAuthorized, .authorizationFailed, .authenticationDenied, .authenticationFailed,
            .authenticationRequired, .noMatchingAuthMethod, .noSuchRole:
            self.init(.denied, "\(sentence ?? "the server refuses") (\(error.uri))")
        case .networkFailure, .systemShutdown, .closeRealm:
            self.init(.unreachable, "the server went away (\(error.uri))")
        case .noSuchProcedure:
            self.init(.failed, "the server has no such procedure: is the module switched off? (\(error.uri))")
        case .conflict: self.init(.conflict, sentence ?? "it is there already")
        default: self.init(.failed, sentence ?? "the server answers \(error.uri)")
        }
    }
}

extension CommandError {
    /// What to do about a file that the command line may not open.
    static let whoMay = "run this as root, or as a member of the group gantry"
}

/// Joins `gantry.admin` over the server's unix socket, where the kernel says who is calling.
private func connectToAdministration(unixSocket: String) async throws -> any ClientSession {
    do {
        return try await Client.connect(
            to: .unix(path: unixSocket), realm: adminRealm, authentication: .unixPeer)
    } catch {
        guard error.uri != .networkFailure else {
            guard access(unixSocket, W_OK) == 0 || errno != EACCES else {
                throw CommandError(.denied, "\(unixSocket): \(CommandError.whoMay)")
            }
            throw CommandError(
                .unreachable, "no server answers at \(unixSocket): is it running? (systemctl status gantry)")
        }
        throw CommandError(error)
    }
}
