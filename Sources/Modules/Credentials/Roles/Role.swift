/// What a person may do, from looking on to handing out keys; each role may do all that the one before it may.
///
/// The raw value is the `authrole` that WELCOME and every disclosed identity show.
package enum Role: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Looks at live data, history and alarms.
    case viewer
    /// And acknowledges and overrides alarms, calls device functions.
    case `operator`
    /// And appends rows, writes alarm rules and templates, installs apps.
    case engineer
    /// And hands out and takes back accounts, devices and keys.
    case admin

    package static func < (lhs: Role, rhs: Role) -> Bool { lhs.rank < rhs.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .engineer: 2
        case .admin: 3
        }
    }
}

/// The `authrole`s that are no person's: those of the vendor's contract.
enum DeviceRole {
    /// An app on a device, in its own realm.
    static let app = "app"
    /// An app that another app's realm lets in to read.
    static let appReader = "app_reader"
}
