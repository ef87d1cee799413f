import Testing

@testable import ModuleKit

/// Files that a cat has walked over: whatever they are, reading them ends, and ends with values or named mistakes.
struct MutationTests {
    private static let text = """
        # a comment
        listener:
          port: 8443            # behind a value
          address: "0.0.0.0"
          names: [a, 'b c', "d\\te"]
          plain: lan
          open: true
        limits: {timeout: 10s, message: 64KiB, share: 5%, factor: 0.5}
        realms:
          plant: &plant
            uri: com.example.plant
            roles: {}
            rules:
              - match: prefix
              - {match: exact}
          copy: *plant

        """

    @Test func `the text itself is right`() throws {
        let document = ConfigurationDocument(text: Self.text, file: "g.yml")
        let schema = try Schema(document.settings)
        try document.check()
        #expect(schema.uris == ["com.example.plant", "com.example.plant"])
    }

    @Test(arguments: 0..<20)
    func `a mutated file is read to its end`(seed: Int) {
        var random = Lehmer(state: UInt64(seed) * 2 + 1)
        for _ in 0..<100 {
            let text = Self.mutated(random: &random)
            let document = ConfigurationDocument(
                text: text, file: "g.yml", environment: ["GANTRY_LISTENER_PORT": String(text.prefix(20))])
            _ = try? Schema(document.settings)
            do throws(ConfigurationErrors) {
                try document.check()
            } catch {
                #expect(!error.all.isEmpty)
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
                for mistake in error.all {
                    #expect(!mistake.reason.isEmpty)
                    #expect((1...lines + 1).contains(mistake.line ?? 1), "\(mistake) in \(text.debugDescription)")
                }
            }
        }
    }

    private static let fragments = [
        "", ":", "\n", "\t", "- ", "{", "}", "[", "]", "&a ", "*a", "*plant", "!!int ", "<<: ", "|\n", ">", "\"", "'",
        "#", "? ", "---\n", "...\n", "%", "\u{0}", "\u{FEFF}", "ü", "~", "null", "port: ", "  ",
    ]

    /// One to four places cut out, doubled, or filled with what means something in YAML.
    private static func mutated(random: inout Lehmer) -> String {
        var characters = Array(text)
        for _ in 0...random.below(4) {
            let start = random.below(characters.count)
            let end = min(start + random.below(12), characters.count)
            switch random.below(3) {
            case 0: characters.removeSubrange(start..<end)
            case 1: characters.insert(contentsOf: characters[start..<end], at: random.below(characters.count))
            default:
                characters.replaceSubrange(start..<end, with: Array(fragments[random.below(fragments.count)]))
            }
        }
        return String(characters)
    }
}

/// Numbers that are the same in every run.
private struct Lehmer {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return bound <= 0 ? 0 : Int(truncatingIfNeeded: (state >> 33) % UInt64(bound))
    }
}
