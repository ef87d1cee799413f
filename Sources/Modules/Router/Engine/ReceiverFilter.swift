import WAMP

/// The six lists of a publication, prepared to be asked about many sessions: all of them must agree.
///
/// Short lists are compared one by one, which is the fastest; a long one is a set, so that no list is as long as it
/// takes to make every delivery of a realm slow. Spec: WAMP-04 "Subscriber Black- and Whitelisting".
final class ReceiverFilter: Sendable {
    private let eligible: Members<SessionID>?
    private let eligibleAuthID: Members<String>?
    private let eligibleAuthRole: Members<String>?
    private let exclude: Members<SessionID>
    private let excludeAuthID: Members<String>
    private let excludeAuthRole: Members<String>

    init(_ options: PublishOptions) {
        eligible = options.eligible.map(Members.init)
        eligibleAuthID = options.eligibleAuthID.map(Members.init)
        eligibleAuthRole = options.eligibleAuthRole.map(Members.init)
        exclude = Members(options.exclude)
        excludeAuthID = Members(options.excludeAuthID)
        excludeAuthRole = Members(options.excludeAuthRole)
    }

    func admits(_ session: Disclosure) -> Bool {
        if exclude.contains(session.session) || excludeAuthID.contains(session.authid)
            || excludeAuthRole.contains(session.authrole)
        {
            return false
        }
        if let eligible, !eligible.contains(session.session) { return false }
        if let eligibleAuthID, !eligibleAuthID.contains(session.authid) { return false }
        if let eligibleAuthRole, !eligibleAuthRole.contains(session.authrole) { return false }
        return true
    }

    /// Whether it tells sessions apart by their ids, which mean nothing once those sessions are gone.
    var namesSessions: Bool { eligible != nil || !exclude.list.isEmpty }

    /// Whether both admit the same sessions, as far as the lists' own order tells.
    func isSame(as other: ReceiverFilter) -> Bool {
        eligible == other.eligible && eligibleAuthID == other.eligibleAuthID
            && eligibleAuthRole == other.eligibleAuthRole && exclude == other.exclude
            && excludeAuthID == other.excludeAuthID && excludeAuthRole == other.excludeAuthRole
    }

    /// The options that this was made from: those that are lists, and no other.
    var options: PublishOptions {
        var options = PublishOptions()
        options.eligible = eligible?.list
        options.eligibleAuthID = eligibleAuthID?.list
        options.eligibleAuthRole = eligibleAuthRole?.list
        options.exclude = exclude.list
        options.excludeAuthID = excludeAuthID.list
        options.excludeAuthRole = excludeAuthRole.list
        return options
    }

    /// About how much memory the lists take.
    var byteCount: Int {
        let sessions = (eligible?.list.count ?? 0) + exclude.list.count
        let names = [
            eligibleAuthID?.list ?? [], eligibleAuthRole?.list ?? [], excludeAuthID.list, excludeAuthRole.list,
        ]
        return sessions * 24 + names.joined().reduce(0) { $0 + $1.utf8.count + 48 }
    }
}

/// A list that is asked whether it contains something.
private struct Members<Element: Hashable & Sendable>: Sendable, Equatable {
    private static var comparedMax: Int { 8 }

    let list: [Element]
    private let set: Set<Element>?

    init(_ list: [Element]) {
        self.list = list
        set = list.count > Self.comparedMax ? Set(list) : nil
    }

    func contains(_ element: Element) -> Bool { set?.contains(element) ?? list.contains(element) }

    static func == (lhs: Members, rhs: Members) -> Bool { lhs.list == rhs.list }
}
