// Who may administer over the unix socket without a password: whoever could read the keys anyway, or belongs to the
// group that the installer made for it. The kernel says who is at the other end; here are only the group's members.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import ModuleKit

#if canImport(Glibc)
private typealias GroupEntry = Glibc.group
#else
private typealias GroupEntry = Darwin.group
#endif

enum UnixPeers {
    /// - Parameters:
    ///   - group: the name of the group whose members are administrators.
    ///   - owner: the user that this process runs as.
    static func isAdministrator(_ peer: PeerIdentity, group: String, owner: UInt32 = geteuid()) -> Bool {
        guard let user = peer.unixUser else { return false }
        if user == 0 || user == owner { return true }
        guard let (groupID, members) = lookUp(group) else { return false }
        if peer.unixGroup == groupID { return true }
        // SO_PEERCRED tells the primary group alone; the others are in the group's list of members.
        return name(of: user).map(members.contains) ?? false
    }

    private static func lookUp(_ group: String) -> (UInt32, members: Set<String>)? {
        withBuffer { buffer, count in
            var entry = GroupEntry()
            var found: UnsafeMutablePointer<GroupEntry>?
            guard getgrnam_r(group, &entry, buffer, count, &found) == 0, found != nil else { return nil }
            var members: Set<String> = []
            var member = entry.gr_mem
            while let name = member?.pointee {
                members.insert(String(cString: name))
                member = member?.advanced(by: 1)
            }
            return (entry.gr_gid, members)
        }
    }

    private static func name(of user: UInt32) -> String? {
        withBuffer { buffer, count in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard getpwuid_r(user, &entry, buffer, count, &found) == 0, found != nil else { return nil }
            return String(cString: entry.pw_name)
        }
    }

    /// Room for the strings of one entry; a group with more members than fit admits nobody by its list.
    private static func withBuffer<Found>(_ body: (UnsafeMutablePointer<CChar>, Int) -> Found?) -> Found? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { buffer in
            buffer.baseAddress.flatMap { body($0, buffer.count) }
        }
    }
}
