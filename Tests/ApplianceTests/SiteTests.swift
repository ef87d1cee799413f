import Listener
import Testing

@testable import Appliance

struct SiteTests {
    private static func site(address: String?, names: [String] = []) -> Site {
        var listener = ListenerConfiguration()
        listener.address = address
        listener.port = 8443
        listener.certificate = .issued(names: names)
        return Site(listener)
    }

    @Test func `the operator's own name goes first, then the address that is listened on`() {
        #expect(Self.site(address: "10.0.0.5", names: ["*.plant", "gantry.plant"]).url == "https://gantry.plant:8443")
        #expect(Self.site(address: "10.0.0.5").url == "https://10.0.0.5:8443")
        #expect(Self.site(address: "10.0.0.5").deviceEndpoint == "wss://10.0.0.5:8443/")
    }

    @Test func `an IPv6 address stands in brackets`() {
        #expect(Self.site(address: "2001:db8::5").url == "https://[2001:db8::5]:8443")
    }

    @Test(arguments: ["0.0.0.0", "::"])
    func `every address is none that a device could dial`(address: String) {
        #expect(!Self.site(address: address).url.contains(address))
    }
}
