// What an authid says about itself, before anybody has looked whether it is true.

import ModuleKit

/// An authid, read.
enum Identity: Sendable, Hashable {
    /// `app-<APP_KEY>-<dev|prod>-e<epoch>@<serial>`: the vendor's per-app credential.
    case app(appKey: Int64, stage: Stage, epoch: Int64, serial: String)
    /// A device's serial number, or a person's name.
    case name(String)

    init(authid: String) {
        self = Self.appIdentity(authid) ?? .name(authid)
    }

    /// Whose credential it is: the same for each way to write it, so that an attempt counter cannot be walked around
    /// by counting epochs or changing case. (Strings compare by canonical equivalence: composed or not is the same.)
    var subject: String {
        switch self {
        case .app(_, _, _, let serial): serial.lowercased()
        case .name(let name): name.lowercased()
        }
    }

    /// The serial number, if this is a device.
    var serial: String {
        switch self {
        case .app(_, _, _, let serial): serial
        case .name(let name): name
        }
    }

    private static func appIdentity(_ authid: String) -> Identity? {
        guard let at = authid.firstIndex(of: "@") else { return nil }
        let parts = authid[..<at].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "app", parts[3].first == "e",
            let appKey = number(parts[1]), let stage = Stage(rawValue: String(parts[2])),
            let epoch = number(parts[3].dropFirst())
        else { return nil }
        return .app(appKey: appKey, stage: stage, epoch: epoch, serial: String(authid[authid.index(after: at)...]))
    }

    /// A number as the vendor writes it: digits only, no sign, no leading zero.
    private static func number(_ text: Substring) -> Int64? {
        guard let first = text.utf8.first, (0x31...0x39).contains(first) else { return nil }
        return Int64(text)
    }
}
