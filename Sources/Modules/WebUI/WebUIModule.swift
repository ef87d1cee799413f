// The pages in the browser. All that runs on the server is here: files out of memory, and the clock. The pages
// themselves are peers like any other: they sign in over HTTP (Credentials) and join realms over WebSocket, so what
// somebody may see and do there is decided where it is decided for everybody.

package import ModuleKit

/// Nothing can be configured yet but the switch itself.
package struct WebUIConfiguration: Sendable, Hashable {
    package init() {}
}

/// Serves the web UI. Opens no realm, keeps no file.
package final class WebUIModule: Module {
    package static let id: ModuleID = "webui"
    /// Without accounts nobody could sign in.
    package static let requires: Set<ModuleID> = ["credentials"]

    private let context: ModuleContext

    package static func configuration(from settings: Settings) throws(ConfigurationError) -> WebUIConfiguration {
        WebUIConfiguration()
    }

    package init(configuration: WebUIConfiguration, context: ModuleContext) throws {
        self.context = context
    }

    package func prepare() async throws {
        guard let bundle = WebBundle(WebBundle.embedded) else { throw WebUIError.pageIsMissing }
        WebRoutes(bundle: bundle, clock: .system).add(to: context.http)
    }
}

/// Why the web UI cannot be served.
package enum WebUIError: Error, Sendable, Hashable, CustomStringConvertible {
    case pageIsMissing

    package var description: String {
        "the executable has been built without Assets/index.html; see Sources/Modules/WebUI/Embedding/WebAssets.c"
    }
}
