import ModuleKit

/// The web UI over HTTP: one page under each of its addresses, and the files that it loads.
struct WebRoutes: Sendable {
    let bundle: WebBundle
    let clock: ServerClock

    /// The addresses of pages: `PAGES` in router.js. Choices within a page stand in the query, so that every address
    /// is an exact route, and what is none is `404` and not a page that says so.
    static let pages = [
        "/", "/devices", "/device", "/data", "/alarms", "/functions", "/apps", "/people", "/realms", "/system", "/more",
    ]

    func add(to routes: any HTTPRoutes) {
        let entityTag = "\"\(bundle.version)\""
        let page = bundle.page
        for path in Self.pages {
            routes.on("GET", path) { request in
                let headers = [
                    ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-cache"), ("ETag", entityTag),
                ]
                return Self.answer(request, entityTag, headers, page)
            }
        }
        for asset in bundle.assets {
            guard let type = asset.contentType else { continue }
            routes.on("GET", "\(bundle.path)/\(asset.name)") { request in
                let headers = [
                    ("Content-Type", type), ("Cache-Control", "public, max-age=31536000, immutable"),
                    ("ETag", entityTag),
                ]
                return Self.answer(request, entityTag, headers, asset.bytes)
            }
        }
        // Browsers ask for it by themselves, on pages that are not ours as well.
        routes.on("GET", "/favicon.ico") { [path = bundle.path] _ in
            HTTPResponse(status: 302, headers: [("Location", "\(path)/favicon.svg")])
        }
        routes.on("GET", "/api/clock") { [clock] _ in
            HTTPResponse(status: 200, headers: [("Content-Type", "application/json")], body: clock.json)
        }
    }

    /// RFC 9110 "If-None-Match": what the browser has already is not sent again.
    private static func answer(
        _ request: HTTPRequest, _ entityTag: String, _ headers: [(String, String)], _ body: [UInt8]
    ) -> HTTPResponse {
        let known = (request.headers["if-none-match"] ?? "").split(separator: ",").map { tag in
            let tag = tag.drop { $0 == " " }
            return tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
        }
        let isKnown = known.contains { $0 == entityTag || $0 == "*" }
        return HTTPResponse(status: isKnown ? 304 : 200, headers: headers, body: isKnown ? [] : body)
    }
}
