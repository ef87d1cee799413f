import WAMP

/// What a session wants to be published when it is gone. Spec: WAMP-04 "Session Testament".
struct Testaments: Sendable {
    /// When a testament is published.
    enum Scope: String, Sendable, CaseIterable {
        /// The connection was lost, and the session may yet be resumed.
        case detached
        /// The session has ended.
        case destroyed
    }

    /// One publication to come: a whole PUBLISH in MessagePack, so that it takes the road of any other.
    struct Testament: Sendable {
        var publish: [UInt8]
        /// What an authorizer has decided about it, and is not asked again when its session is gone.
        var decisions: [Authorization.Subject: Authorization.Decision] = [:]
    }

    static let countMax = 64
    static let byteCountMax = 1 << 20

    private var detached: [Testament] = []
    private var destroyed: [Testament] = []
    private var byteCount = 0

    var isEmpty: Bool { detached.isEmpty && destroyed.isEmpty }

    /// Adds a testament behind those of its scope; false when a session may not hold so much.
    mutating func add(_ testament: Testament, _ scope: Scope) -> Bool {
        let bytes = testament.publish.count
        guard detached.count + destroyed.count < Self.countMax, byteCount + bytes <= Self.byteCountMax else {
            return false
        }
        byteCount += bytes
        switch scope {
        case .detached: detached.append(testament)
        case .destroyed: destroyed.append(testament)
        }
        return true
    }

    /// Takes the testaments of a scope out, in the order in which they were added.
    mutating func take(_ scope: Scope) -> [Testament] {
        let taken: [Testament]
        switch scope {
        case .detached:
            taken = detached
            detached = []
        case .destroyed:
            taken = destroyed
            destroyed = []
        }
        for testament in taken { byteCount -= testament.publish.count }
        return taken
    }
}
