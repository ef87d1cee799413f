import Crypto
import Testing
import WAMP

@testable import Authentication

/// Spec: WAMP-04 "Cryptosign-based Authentication".
@Suite struct CryptosignTests {
    private static func bytes(_ digits: String) throws -> [UInt8] { try #require(Hexadecimal.decode(digits)) }

    private static let channel = "62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff"

    @Test(
        "the specification's six vectors",
        arguments: [
            (
                nil, "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
                "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            ),
            (
                nil, "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
                "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
                "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660fb26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d"
            ),
            (
                nil, "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
                "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
                "7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1ec184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30bb05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2"
            ),
            (
                channel, "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
                "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                "9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07b580095c2b82f80f9d16ca518aa0c2b707f2b2a609edeca73bca8dd59817a633f35574ac6fd80d00"
            ),
            (
                channel, "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
                "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
                "305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a427c3015599d83ca28b4c652333920223844ef0725eb5dc2febfd6af7677b73f01d0852a29b460fc92ec943242ac638a053bbacc200512b18b30d15083cbdc9282"
            ),
            (
                channel, "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
                "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
                "ee3c7644fd8070532bc1fde3d70d742267da545d8c8f03e63bda63f1ad4214f4d2c4bfdb4eb9526def42deeb7e31602a6ff99eba893e0a4ad4d45892ca75e608d2b75e24a189a7f78ca776ba36fc53f6c3e31c32f251f2c524f0a44202f2902d"
            ),
        ] as [(String?, String, String, String)])
    func vectors(channelID: String?, privateKey: String, challenge: String, signature: String) throws {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: Self.bytes(privateKey))
        let request = CryptosignRequest(publicKey: Array(key.publicKey.rawRepresentation))
        let exchange = CryptosignExchange(
            request, challenge: try Self.bytes(challenge), channelID: try channelID.map(Self.bytes))
        #expect(exchange.isSigned(signature))
        // Without the channel, or with another one, the same signature is none.
        let unbound = CryptosignExchange(request, challenge: try Self.bytes(challenge))
        #expect(unbound.isSigned(signature) == (channelID == nil))
    }

    @Test func `a signature of the router is one that a client can check`() throws {
        // The example of "Router Authentication"
        let request = CryptosignRequest(
            publicKey: try Self.bytes("4a3838f6fe75251e613329d53fc69b262d5eac97fb1d73bebbaed4015b53c862"))
        let asked = try Self.bytes("bbae60ea44cdd7b20dc7010a618b0f0803fab25a817520b4b7f057299b524deb")
        #expect(
            CryptosignExchange(request, challenge: asked).isSigned(
                "fd5128d2d207ba58a9d1d6f41b72c747964ad9d1294077b3b1eee6130b05843ab12c53c7f2519f73d4feb82db19d8ca0fc26b62bde6518e79a882f5795bc9f00bbae60ea44cdd7b20dc7010a618b0f0803fab25a817520b4b7f057299b524deb"
            ))
        // And ours
        let router = try #require(RouterKey(seed: Array(repeating: 3, count: 32)))
        let extra = CryptosignExchange(
            CryptosignRequest(publicKey: request.publicKey, challenge: asked), challenge: Array(0..<32)
        ).extra(router)
        let key = try #require(extra["pubkey"]?.string)
        let checked = CryptosignExchange(CryptosignRequest(publicKey: try Self.bytes(key)), challenge: asked)
        #expect(checked.isSigned(try #require(extra["signature"]?.string)))
    }

    @Test func `a router that is not asked signs nothing`() throws {
        let router = try #require(RouterKey(seed: Array(repeating: 3, count: 32)))
        let exchange = CryptosignExchange(CryptosignRequest(publicKey: Array(0..<32)), challenge: Array(0..<32))
        #expect(
            exchange.extra(router) == [
                "challenge": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                "channel_binding": nil,
            ])
    }

    @Test func `what is no signature of the challenge is refused`() throws {
        let key = Curve25519.Signing.PrivateKey()
        let request = CryptosignRequest(publicKey: Array(key.publicKey.rawRepresentation))
        let exchange = CryptosignExchange(request, challenge: Array(0..<32))
        let right = try Hexadecimal.encode(key.signature(for: Array(0..<32) as [UInt8])) + Hexadecimal.encode(0..<32)
        #expect(exchange.isSigned(right))
        #expect(exchange.isSigned(right.uppercased()))
        let other = try Hexadecimal.encode(key.signature(for: Array(1..<33) as [UInt8])) + Hexadecimal.encode(1..<33)
        for wrong in [
            "", "00", String(right.dropLast(2)), right + "00", String(right.dropLast()) + "g", other,
            String(repeating: "0", count: 192), String(repeating: "f", count: 192),
        ] {
            #expect(!exchange.isSigned(wrong))
        }
    }

    @Test func `a public key that is no point signs nothing`() {
        for byte in [UInt8(0), 1, 2, 0x7F, 0xFF] {
            let request = CryptosignRequest(publicKey: Array(repeating: byte, count: 32))
            #expect(!CryptosignExchange(request, challenge: Array(0..<32)).isSigned(String(repeating: "0", count: 192)))
        }
    }

    @Test(
        arguments: [
            ([:], .publicKey), (["pubkey": "00"], .publicKey), (["pubkey": 5], .publicKey),
            (["pubkey": .string(channel), "challenge": "00"], .challenge),
            (["pubkey": .string(channel), "channel_binding": "tls-unique"], .channelBinding("tls-unique")),
            (["pubkey": .string(channel), "channel_binding": "tls-exporter"], .channelBinding("tls-exporter")),
        ] as [([String: Value], CryptosignRequest.Refusal)])
    func `a HELLO that cannot begin says why`(authextra: [String: Value], refusal: CryptosignRequest.Refusal) {
        #expect(throws: refusal) { try CryptosignRequest(authextra: authextra) }
    }
}
