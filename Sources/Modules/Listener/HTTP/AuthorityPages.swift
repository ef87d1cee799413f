import ModuleKit

// How a browser or a device comes to trust a server that no public authority knows: it downloads the certificate of
// Gantry's own. This is all that plain HTTP serves to the LAN.

/// The pages about Gantry's certificate authority.
package struct AuthorityPages: Sendable {
    static let paths: Set<String> = ["/ca", "/ca.pem", "/ca.css"]

    private let pem: String
    private let fingerprint: String

    /// - Parameters:
    ///   - pem: the authority's certificate.
    ///   - fingerprint: its SHA-256, as `gantry` prints it.
    package init(pem: String, fingerprint: String) {
        self.pem = pem
        self.fingerprint = fingerprint
    }

    /// Adds `/ca`, `/ca.pem` and `/ca.css`.
    package func add(to routes: RouteTable) {
        let (page, pem) = (Array(html.utf8), Array(pem.utf8))
        routes.on("GET", "/ca") { _ in
            HTTPResponse(status: 200, headers: [("Content-Type", "text/html; charset=utf-8")], body: page)
        }
        routes.on("GET", "/ca.css") { _ in
            HTTPResponse(status: 200, headers: [("Content-Type", "text/css; charset=utf-8")], body: Self.css)
        }
        routes.on("GET", "/ca.pem") { _ in
            HTTPResponse(
                status: 200,
                headers: [
                    ("Content-Type", "application/x-pem-file"),
                    ("Content-Disposition", "attachment; filename=\"gantry-ca.pem\""),
                ], body: pem)
        }
    }

    private var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Gantry: certificate</title>
        <link rel="stylesheet" href="/ca.css">
        </head>
        <body>
        <main>
        <h1>Trust this server</h1>
        <p>This server is not on the internet, so it has a certificate authority of its own. Import its certificate
        once, and the browser shows a lock.</p>
        <p><a class="button" href="/ca.pem" download="gantry-ca.pem">Download the certificate</a></p>
        <h2>Compare before you import</h2>
        <p>The installer has printed the same SHA-256 fingerprint; <code>gantry status</code> shows it again.</p>
        <p><code class="fingerprint">\(fingerprint)</code></p>
        <h2>Import</h2>
        <dl>
        <dt>Windows</dt>
        <dd>Open the file → Install certificate → Local machine → Trusted Root Certification Authorities.</dd>
        <dt>macOS</dt>
        <dd>Open the file in Keychain Access → System, then set it to Always Trust.</dd>
        <dt>Debian, Ubuntu</dt>
        <dd><code>sudo cp gantry-ca.pem /usr/local/share/ca-certificates/gantry-ca.crt &amp;&amp; sudo
        update-ca-certificates</code></dd>
        <dt>Firefox</dt>
        <dd>Settings → Privacy &amp; Security → View Certificates → Authorities → Import.</dd>
        <dt>Android, iOS</dt>
        <dd>Open the file, install the profile, and switch the trust on in the settings.</dd>
        <dt>A device's program</dt>
        <dd><code>SSL_CERT_FILE=/path/to/gantry-ca.pem</code></dd>
        </dl>
        </main>
        </body>
        </html>

        """
    }

    private static let css = Array(
        """
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
        body { margin: 0; }
        main { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem; }
        dt { font-weight: 600; margin-top: 0.75rem; }
        dd { margin-left: 0; }
        code { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
        .button { display: inline-block; padding: 0.6rem 1rem; border: 1px solid currentColor; border-radius: 0.4rem;
          text-decoration: none; color: inherit; }

        """.utf8)
}

extension HTTPResponse {
    /// Where the same page is encrypted. 307: the method stays, and nobody remembers it for ever.
    static func redirectToHTTPS(_ request: HTTPRequest, uri: String) -> HTTPResponse {
        let host = request.headers["host"] ?? ""
        let isHost =
            !host.isEmpty
            && host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"),
                    UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }
        guard isHost else { return .text(400, "this server speaks https; its certificate is at /ca") }
        var response = HTTPResponse.text(307, "this server speaks https; its certificate is at /ca")
        response.headers.append(("Location", "https://\(host)\(uri)"))
        return response
    }
}
