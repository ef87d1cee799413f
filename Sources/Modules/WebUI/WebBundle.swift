import WebAssets

/// A file of the web UI.
struct WebAsset: Sendable, Hashable {
    /// `app.js`
    var name: String
    var bytes: [UInt8]

    /// The media type, by the name's ending; nil when this module has no business with such a file.
    var contentType: String? {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: nil
        }
    }
}

/// The web UI's files as one whole, under a path of its own.
///
/// The path contains a hash of all files, and the modules import each other by relative paths: a browser may keep
/// whatever it has got from there for ever, and a page that was loaded before an upgrade never meets modules from
/// after it. Only `index.html` has to be asked for each time; it says which path is meant.
struct WebBundle: Sendable {
    /// All files but `index.html`.
    let assets: [WebAsset]
    /// `index.html`, with the bundle's path put in.
    let page: [UInt8]
    /// 16 hexadecimal digits.
    let version: String

    /// `/assets/<version>`
    var path: String { "/assets/\(version)" }

    /// What stands in `index.html` for the bundle's path.
    private static let placeholder = "{assets}"
    private static let pageName = "index.html"

    /// - Parameter files: one of them is `index.html`; without it there is no page to serve, and nil is returned.
    init?(_ files: [WebAsset]) {
        guard let page = files.first(where: { $0.name == Self.pageName }) else { return nil }
        assets = files.filter { $0.name != Self.pageName }
        version = Self.hash(files)
        let parts = String(decoding: page.bytes, as: UTF8.self).split(
            separator: Self.placeholder, omittingEmptySubsequences: false)
        self.page = Array(parts.joined(separator: "/assets/\(version)").utf8)
    }

    /// The files that were built into this executable.
    static var embedded: [WebAsset] {
        var files: [WebAsset] = []
        while let asset = web_asset(files.count)?.pointee {
            let bytes = Array(UnsafeBufferPointer(start: asset.bytes, count: asset.count))
            files.append(WebAsset(name: String(cString: asset.name), bytes: bytes))
        }
        return files
    }

    /// FNV-1a, 64 bits, over names and bytes: tells versions apart, and needs no library. It guards nothing.
    private static func hash(_ files: [WebAsset]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for file in files {
            for byte in Array(file.name.utf8) + [0] + file.bytes {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
