import NIOCore
import SwiftASN1
import Testing
import X509

@testable import Listener

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#endif

@Suite struct CertificatePlanTests {
    @Test func `a host is in its certificate under every name that it answers to`() {
        let plan = CertificatePlan(
            hostname: "Box.plant.example", addresses: [[10, 0, 0, 5], [0xFE, 0x80] + Array(repeating: 0, count: 14)],
            extra: [.dns("gantry.local")])
        #expect(
            plan.names == [
                .dns("localhost"), .dns("box.plant.example"), .dns("box"), .dns("box.local"), .dns("gantry.local"),
                .address([127, 0, 0, 1]), .address(Array(repeating: 0, count: 15) + [1]), .address([10, 0, 0, 5]),
            ])
    }

    @Test(arguments: ["", "bad_host", "-x", "x-", "a..b", "a b", String(repeating: "a", count: 64)])
    func `a host name that is none is left out`(hostname: String) {
        #expect(CertificatePlan(hostname: hostname, addresses: []).names.count == 3)
    }

    @Test func `a new certificate is due for a new address, at two thirds of its life, and out of its dates`() {
        let plan = CertificatePlan(hostname: "box", addresses: [[10, 0, 0, 5]])
        let validity = 0.0...300.0
        #expect(!plan.isReissueDue(has: plan.names, validity: validity, now: 100))
        #expect(!plan.isReissueDue(has: plan.names.union([.address([10, 9, 9, 9])]), validity: validity, now: 100))
        #expect(
            plan.isReissueDue(has: plan.names.subtracting([.address([10, 0, 0, 5])]), validity: validity, now: 100))
        #expect(!plan.isReissueDue(has: plan.names, validity: validity, now: 199))
        #expect(plan.isReissueDue(has: plan.names, validity: validity, now: 201))
        #expect(plan.isReissueDue(has: plan.names, validity: validity, now: -1))
        #expect(plan.isReissueDue(has: plan.names, validity: validity, now: 301))
    }
}

@Suite struct CertificateAuthorityTests {
    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func `an authority is created once and stays`() async throws {
        try await withTemporaryDirectory { directory in
            let first = try CertificateAuthority(directory: directory)
            let second = try CertificateAuthority(directory: directory)
            #expect(try first.pem == second.pem)
            #expect(try first.fingerprint == second.fingerprint)
            #expect(try first.fingerprint.count == 32 * 3 - 1)
            for name in ["ca.pem", "ca-key.pem"] { #expect(mode("\(directory)/\(name)") == 0o600) }
            let certificate = try Certificate(pemEncoded: first.pem)
            #expect(try certificate.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
            #expect(certificate.publicKey.isValidSignature(certificate.signature, for: certificate))
        }
    }

    @Test func `a server certificate is kept while it fits and issued anew when it does not`() async throws {
        try await withTemporaryDirectory { directory in
            let authority = try CertificateAuthority(directory: directory)
            func pem() throws -> String { try String(contentsOfFile: "\(directory)/server.pem", encoding: .utf8) }
            #expect(try authority.serverCertificate().isNew)
            let first = try pem()
            #expect(try !authority.serverCertificate().isNew)
            #expect(try pem() == first)
            #expect(try authority.serverCertificate(names: ["box.plant", "192.0.2.1"]).isNew)
            let named = try CertificateIssuer.names(of: Certificate(pemEncoded: pem()))
            #expect(named.isSuperset(of: [.dns("box.plant"), .address([192, 0, 2, 1]), .dns("localhost")]))
            #expect(try !authority.serverCertificate().isNew)
            #expect(try authority.serverCertificate(now: Date() + 300 * 86400).isNew)
            #expect(try authority.serverCertificate(force: true).isNew)
            #expect(mode("\(directory)/server-key.pem") == 0o600)
            let server = try Certificate(pemEncoded: pem())
            let issuer = try Certificate(pemEncoded: authority.pem)
            #expect(issuer.publicKey.isValidSignature(server.signature, for: server))
            #expect(server.notValidAfter.timeIntervalSince(server.notValidBefore) <= 399 * 86400 + 1)
            #expect(server.notValidBefore < Date() - 86400)
        }
    }

    @Test func `the certificate of another authority is not used`() async throws {
        try await withTemporaryDirectory { directory in
            _ = try CertificateAuthority(directory: directory).serverCertificate()
            for name in ["ca.pem", "ca-key.pem"] { #expect(unlink("\(directory)/\(name)") == 0) }
            #expect(try CertificateAuthority(directory: directory).serverCertificate().isNew)
        }
    }

    @Test(arguments: ["ca.pem", "ca-key.pem"])
    func `half an authority is an error and is not replaced`(missing: String) async throws {
        try await withTemporaryDirectory { directory in
            _ = try CertificateAuthority(directory: directory)
            #expect(unlink("\(directory)/\(missing)") == 0)
            #expect(throws: CertificateAuthority.FileError.self) { try CertificateAuthority(directory: directory) }
            try "nonsense".write(toFile: "\(directory)/\(missing)", atomically: false, encoding: .utf8)
            #expect(throws: CertificateAuthority.FileError.self) { try CertificateAuthority(directory: directory) }
        }
    }

    @Test func `two authorities share nothing`() async throws {
        try await withTemporaryDirectory { one in
            try await withTemporaryDirectory { two in
                let fingerprints = try [one, two].map { try CertificateAuthority(directory: $0).fingerprint }
                #expect(fingerprints[0] != fingerprints[1])
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct TLSContextSourceTests {
    @Test func `a new certificate serves the next connection, and the open ones go on`() async throws {
        try await TestListener.with { listener in
            let open = try await listener.client(tls: true)
            try await open.send([0x7F, 0xF1, 0, 0])
            #expect(await open.receive(4) == [0x7F, 0xF1, 0, 0])
            try await withTemporaryDirectory { directory in
                let other = try CertificateAuthority(directory: directory)
                let server = try other.serverCertificate()
                try listener.tls.replace(chain: server.chain, privateKey: server.privateKey)
                let next = try await TestClient.connect(to: try listener.address, tls: try other.pem)
                try await next.send([0x7F, 0xF1, 0, 0])
                #expect(await next.receive(4) == [0x7F, 0xF1, 0, 0])
                let distrusting = try await listener.client(tls: true)
                try? await distrusting.send([0x7F, 0xF1, 0, 0])
                #expect(await distrusting.receiveAll().isEmpty)
            }
            try await open.send([1, 0, 0, 0])
            #expect(await open.receive(4) == [2, 0, 0, 0])
        }
    }
}
