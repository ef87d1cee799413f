import Foundation
import Listener
import ModuleKit
import Router
import Testing
import WAMP

@testable import Appliance

/// etc/gantry.yml is the source of truth; the executable carries a copy, and says nothing else.
struct DefaultConfigurationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test func `the text in the executable is etc gantry yml`() throws {
        let file = try String(contentsOf: Self.root.appending(path: "etc/gantry.yml"), encoding: .utf8)
        #expect(DefaultConfiguration.text == file)
    }

    @Test func `the default file is right, and has every key that is read`() throws {
        let document = ConfigurationDocument(text: DefaultConfiguration.text, file: "gantry.yml")
        _ = try ApplianceConfiguration(document)
        #expect(document.absentKeys == [])
    }

    @Test func `the default file says what an empty file means`() throws {
        let written = try ApplianceConfiguration(.init(text: DefaultConfiguration.text, file: "gantry.yml"))
        let empty = try ApplianceConfiguration(.init(text: "", file: "gantry.yml"))
        #expect(written.data.path == empty.data.path)
        #expect(written.logLevel == empty.logLevel)
        #expect(written.modules.map(\.id) == empty.modules.map(\.id))
        #expect(written.router.limits == empty.router.limits)
        #expect(written.router.deadlines == empty.router.deadlines)
        #expect("\(written.listener)" == "\(empty.listener)")
    }

    @Test func `no line is too long for a terminal`() {
        for line in DefaultConfiguration.text.split(separator: "\n") { #expect(line.count <= 120) }
    }
}

struct ConfigurationTemplateTests {
    @Test func `the plain example is one open realm and nothing else`() throws {
        let text = ConfigurationTemplate.configuration(data: "/tmp/plain", example: .plain).text
        let configuration = try ApplianceConfiguration(.init(text: text, file: "gantry.yml"))
        #expect(configuration.modules.isEmpty)
        #expect(configuration.data.path == "/tmp/plain")
        #expect(configuration.listener.address == "127.0.0.1")
        #expect(configuration.listener.unixSocket == "/tmp/plain/gantry.sock")
        #expect(Array(configuration.router.realms.keys) == ["realm1"])
        let realm = try #require(configuration.router.realms["realm1"])
        #expect(realm.anonymousRole == "anonymous")
        #expect(!realm.admitsAnonymousFromNetwork)
        #expect(realm.roles["anonymous"] == .unrestricted)
    }

    @Test func `the installed service keeps its well-known paths and every comment`() {
        let text = ConfigurationTemplate.configuration(data: "/var/lib/gantry", example: nil).text
        #expect(text.split(separator: "\n").count == DefaultConfiguration.text.split(separator: "\n").count)
        #expect(text.contains("unix_socket: /run/gantry/gantry.sock"))
        #expect(text.filter { $0 == "#" }.count == DefaultConfiguration.text.filter { $0 == "#" }.count)
    }

    @Test(arguments: ["/srv/gantry data", "/srv/a: b", "/srv/#1", "/srv/\"q\"\\", "-", "/srv/ü"])
    func `any path survives the way through the file`(path: String) throws {
        let text = ConfigurationTemplate.configuration(data: path, example: nil).text
        let document = ConfigurationDocument(text: text, file: "gantry.yml")
        #expect(document.settings.scope("data").string("directory") == path)
        #expect(document.settings.scope("listener").string("unix_socket") == path + "/gantry.sock")
    }
}
