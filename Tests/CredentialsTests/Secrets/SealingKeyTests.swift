import Foundation
import Testing

@testable import Credentials

@Suite struct SealingKeyTests {
    let key = SealingKey(Array(repeating: 7, count: 32))

    @Test func `what was sealed opens under the same key for the same purpose`() throws {
        let sealed = try key.seal("s3cret", purpose: "device|SER-1")
        #expect(key.open(sealed, purpose: "device|SER-1") == "s3cret")
        #expect(key.open(sealed, purpose: "device|SER-2") == nil)
        #expect(key.open(sealed, purpose: "app|SER-1") == nil)
        #expect(SealingKey(Array(repeating: 8, count: 32)).open(sealed, purpose: "device|SER-1") == nil)
    }

    @Test func `no byte of a sealed secret can be changed or left out`() throws {
        let sealed = try key.seal("s3cret", purpose: "p")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(key.open(changed, purpose: "p") == nil)
            #expect(key.open(sealed.prefix(index), purpose: "p") == nil)
        }
    }

    @Test func `the same secret never looks the same`() throws {
        #expect(try key.seal("s", purpose: "p") != key.seal("s", purpose: "p"))
    }
}
