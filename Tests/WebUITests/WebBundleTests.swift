import Foundation
import Testing

@testable import WebUI

@Suite struct WebBundleTests {
    private static let assets = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/Modules/WebUI/Assets").standardizedFileURL

    @Test func `every file in Assets is built in, byte by byte`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.assets.path()).sorted()
        #expect(WebBundle.embedded.map(\.name) == names)
        for asset in WebBundle.embedded {
            let file = try Data(contentsOf: Self.assets.appending(path: asset.name))
            #expect(Data(asset.bytes) == file, "\(asset.name)")
        }
    }

    @Test func `all of it stays within 250 kB`() {
        #expect(WebBundle.embedded.reduce(0) { $0 + $1.bytes.count } <= 250_000)
    }

    @Test func `every file has a media type`() {
        #expect(WebBundle.embedded.filter { $0.contentType == nil }.map(\.name) == [])
    }

    @Test func `modules import only files that are there, by relative paths`() throws {
        let names = Set(WebBundle.embedded.map(\.name))
        let pattern = try NSRegularExpression(pattern: #"(?:from|import) '([^']+)'"#)
        for asset in WebBundle.embedded where asset.name.hasSuffix(".js") {
            let text = String(decoding: asset.bytes, as: UTF8.self)
            for match in pattern.matches(in: text, range: NSRange(text.startIndex..., in: text)) {
                let path = try #require(Range(match.range(at: 1), in: text).map { String(text[$0]) })
                #expect(path.hasPrefix("./") && names.contains(String(path.dropFirst(2))), "\(asset.name): \(path)")
            }
        }
    }

    @Test func `the page loads nothing inline and nothing from elsewhere`() throws {
        let bundle = try #require(WebBundle(WebBundle.embedded))
        let page = String(decoding: bundle.page, as: UTF8.self)
        #expect(page.contains("src=\"\(bundle.path)/app.js\""))
        #expect(!page.contains("{assets}"))
        #expect(!page.contains("://") && !page.contains("<style") && !page.contains("style="))
        for asset in WebBundle.embedded where asset.name != "favicon.svg" {
            let text = String(decoding: asset.bytes, as: UTF8.self)
            let hasAddress = text.contains("https://") || text.contains("http://")
            #expect(!hasAddress || asset.name == "dom.js", "\(asset.name): only the SVG namespace is an address")
        }
    }

    @Test func `the path changes with any byte of any file`() throws {
        let files = WebBundle.embedded
        let bundle = try #require(WebBundle(files))
        #expect(bundle.version.count == 16)
        #expect(try #require(WebBundle(files)).version == bundle.version)
        var changed = files
        changed[0].bytes[0] ^= 1
        #expect(try #require(WebBundle(changed)).version != bundle.version)
    }

    @Test func `without index.html there is no bundle`() {
        #expect(WebBundle(WebBundle.embedded.filter { $0.name != "index.html" }) == nil)
    }
}
