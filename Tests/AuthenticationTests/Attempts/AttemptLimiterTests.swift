import Testing

@testable import Authentication

@Suite struct AttemptLimiterTests {
    var limiter = AttemptLimiter()
    let key = AttemptLimiter.Key(address: "10.0.0.5", subject: "vera")

    private mutating func isAccepted(_ key: AttemptLimiter.Key, at seconds: Int64 = 0) -> Bool {
        limiter.verdict(true, for: key, now: .seconds(seconds))
    }

    private mutating func fail(_ count: Int, _ key: AttemptLimiter.Key, at seconds: Int64 = 0) {
        for _ in 0..<count {
            let accepted = limiter.verdict(false, for: key, now: .seconds(seconds))
            #expect(!accepted)
        }
    }

    @Test mutating func `the right secret is refused after five wrong ones, and again after fifteen minutes accepted`()
    {
        fail(5, key)
        var accepted = isAccepted(key, at: 1)
        #expect(!accepted)
        accepted = isAccepted(key, at: 899)
        #expect(!accepted)
        accepted = isAccepted(key, at: 900)
        #expect(accepted)
    }

    @Test mutating func `four wrong ones are forgiven by a right one`() {
        fail(4, key)
        var accepted = isAccepted(key, at: 1)
        #expect(accepted)
        fail(4, key, at: 2)
        accepted = isAccepted(key, at: 3)
        #expect(accepted)
    }

    @Test mutating func `failures more than a minute apart do not add up`() {
        for minute in 0..<20 { fail(1, key, at: Int64(minute) * 60) }
        let accepted = isAccepted(key, at: 20 * 60)
        #expect(accepted)
    }

    @Test mutating func `attempts while refused do not prolong the refusal`() {
        fail(5, key)
        for second in 1..<900 { fail(1, key, at: Int64(second)) }
        let accepted = isAccepted(key, at: 900)
        #expect(accepted)
    }

    @Test mutating func `a name is one however it is written, and long ones are told apart`() {
        fail(5, .init(address: "10.0.0.5", subject: "Ver\u{E1}"))
        var accepted = isAccepted(.init(address: "10.0.0.5", subject: "vera\u{301}"))
        #expect(!accepted)
        let long = String(repeating: "x\u{301}", count: 350_000)
        fail(5, .init(address: "10.0.0.5", subject: long + "1"))
        accepted = isAccepted(.init(address: "10.0.0.5", subject: long + "2"))
        #expect(accepted)
    }

    @Test mutating func `another name and another address go on`() {
        fail(5, key)
        var accepted = isAccepted(.init(address: "10.0.0.5", subject: "ada"), at: 0)
        #expect(accepted)
        accepted = isAccepted(.init(address: "10.0.0.6", subject: "vera"), at: 0)
        #expect(accepted)
    }

    @Test(arguments: ["VERA", "Vera", "vera"])
    mutating func `the case of a name makes no new budget`(name: String) {
        fail(5, key)
        let accepted = isAccepted(.init(address: "10.0.0.5", subject: name), at: 0)
        #expect(!accepted)
    }

    @Test mutating func `composed and decomposed letters are one name`() {
        fail(5, .init(address: "a", subject: "j\u{00FC}rgen"))
        let accepted = isAccepted(.init(address: "a", subject: "ju\u{0308}rgen"), at: 0)
        #expect(!accepted)
    }

    @Test(arguments: [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
        ("2001:db8:1:2::1", "2001:0DB8:0001:2:0:0:0:9", true),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", false), ("fe80::1%eth0", "fe80::2%eth1", true), ("::1", "::2", true),
        ("::ffff:10.0.0.5", "10.0.0.5", true), ("::ffff:10.0.0.5", "::ffff:10.0.0.6", false),
        ("10.0.0.5", "10.0.0.50", false), ("unix", "local", false), ("1::", "1:0:0:0:5::", true),
    ])
    func `an IPv6 address counts as its network`(one: String, other: String, isSame: Bool) {
        let keys = (AttemptLimiter.Key(address: one, subject: "x"), AttemptLimiter.Key(address: other, subject: "x"))
        #expect((keys.0 == keys.1) == isSame)
    }

    @Test mutating func `a new credential forgives`() {
        fail(5, key)
        fail(5, .init(address: "10.0.0.6", subject: "vera"))
        fail(5, .init(address: "10.0.0.6", subject: "ada"))
        limiter.forgive(subject: "VERA")
        var accepted = isAccepted(key, at: 0)
        #expect(accepted)
        accepted = isAccepted(.init(address: "10.0.0.6", subject: "vera"), at: 0)
        #expect(accepted)
        accepted = isAccepted(.init(address: "10.0.0.6", subject: "ada"), at: 0)
        #expect(!accepted)
    }

    @Test func `memory is bounded, and blocks outlive a flood of other names`() {
        var limiter = AttemptLimiter(.init(entriesMax: 100))
        for _ in 0..<5 { _ = limiter.verdict(false, for: key, now: .zero) }
        for index in 0..<10_000 {
            _ = limiter.verdict(false, for: .init(address: "10.0.0.5", subject: "name-\(index)"), now: .seconds(1))
        }
        #expect(limiter.count <= 100)
        #expect(limiter.isBlocked(key, now: .seconds(1)))
    }

    @Test func `what has run out makes room first`() {
        var limiter = AttemptLimiter(.init(entriesMax: 3))
        let keys = (0..<4).map { AttemptLimiter.Key(address: "a", subject: "\($0)") }
        _ = limiter.verdict(false, for: keys[0], now: .seconds(0))
        for key in keys[1...2] { _ = limiter.verdict(false, for: key, now: .seconds(50)) }
        _ = limiter.verdict(false, for: keys[3], now: .seconds(70))
        #expect(limiter.count == 3)
        for _ in 0..<4 { _ = limiter.verdict(false, for: keys[1], now: .seconds(71)) }
        #expect(limiter.isBlocked(keys[1], now: .seconds(71)))
    }
}
