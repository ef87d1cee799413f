import Testing

@testable import Provisioner

@Suite struct PresenceBoardTests {
    var board = PresenceBoard()

    @Test mutating func `a device is connected as long as one of its sessions is`() {
        board.joined("SER-1", realm: "a", session: 1, address: "10.0.0.1", at: 100)
        board.joined("SER-1", realm: "a", session: 2, address: "10.0.0.2", at: 200)
        board.joined("SER-1", realm: "b", session: 3, address: nil, at: 300)
        #expect(board["SER-1"]?.realms == ["a", "b"])
        #expect(board["SER-1"]?.sessionCount == 3)
        #expect(board["SER-1"]?.joins == 3)
        #expect(board["SER-1"]?.address == "10.0.0.2")
        for (session, realm, realms) in [(1, "a", ["a", "b"]), (3, "b", ["a"]), (2, "a", [])]
            as [(UInt64, String, [String])]
        {
            let serial = board.left(session, realm: realm, at: 400 + Int64(session))
            #expect(serial == "SER-1")
            #expect(board["SER-1"]?.realms == realms)
        }
        #expect(board["SER-1"]?.isConnected == false)
        #expect(board["SER-1"]?.lastSeen == 402)
    }

    @Test mutating func `a session that leaves twice, or was never there, changes nothing`() {
        board.joined("SER-1", realm: "a", session: 1, address: nil, at: 100)
        let (unknown, first) = (board.left(9, realm: "a", at: 200), board.left(1, realm: "a", at: 300))
        let second = board.left(1, realm: "a", at: 400)
        #expect(unknown == nil && first == "SER-1" && second == nil)
        #expect(board["SER-1"]?.lastSeen == 300)
    }

    @Test mutating func `devices of a realm are counted, not their sessions`() {
        board.joined("SER-1", realm: "a", session: 1, address: nil, at: 0)
        board.joined("SER-1", realm: "a", session: 2, address: nil, at: 0)
        board.joined("SER-2", realm: "a", session: 3, address: nil, at: 0)
        board.joined("SER-3", realm: "b", session: 4, address: nil, at: 0)
        #expect(board.count(in: "a") == 2)
        #expect(board.count(in: "c") == 0)
    }

    @Test mutating func `a device that was removed is forgotten, with its sessions`() {
        board.joined("SER-1", realm: "a", session: 1, address: nil, at: 0)
        board.forget("SER-1")
        #expect(board["SER-1"] == nil)
        let serial = board.left(1, realm: "a", at: 1)
        #expect(serial == nil)
    }
}
