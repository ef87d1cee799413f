package import ModuleKit
import Synchronization

/// The HTTP routes of all modules: exact paths, whole bodies. One dictionary lookup finds a route, and nothing that a
/// path could spell leads out of the dictionary.
package final class RouteTable: HTTPRoutes {
    /// What a route does with a request.
    package typealias Answer = @Sendable (HTTPRequest) async -> HTTPResponse

    /// path → method → answer
    private let routes = Mutex<[String: [String: Answer]]>([:])

    package init() {}

    /// See `HTTPRoutes`.
    package func on(_ method: String, _ path: String, _ answer: @escaping Answer) {
        routes.withLock { $0[path, default: [:]][method] = answer }
    }

    /// Answers by the route; HEAD by that of GET.
    package func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let methods = routes.withLock { $0[request.path] }
        guard let methods else { return .text(404, "not found") }
        guard let answer = methods[request.method] ?? (request.method == "HEAD" ? methods["GET"] : nil) else {
            var response = HTTPResponse.text(405, "method not allowed")
            var allowed = Set(methods.keys)
            if allowed.contains("GET") { allowed.insert("HEAD") }
            response.headers.append(("Allow", allowed.sorted().joined(separator: ", ")))
            return response
        }
        return await answer(request)
    }
}

extension HTTPResponse {
    /// A sentence for a person or a log.
    static func text(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array((text + "\n").utf8))
    }
}
