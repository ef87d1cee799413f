import ModuleKit
import Testing

@testable import Credentials

@Suite struct AppSecretTests {
    @Test func `the vendor's formula gives the vendor's secrets`() {
        // Computed with Python's hmac from ironflock/app-cred/v1|<serial>|<app>|<STAGE>|<epoch>.
        #expect(
            AppSecret.derive(appKeyMaterial: "material", serial: "SER-1", appKey: 5, stage: .prod, epoch: 1)
                == "hBlAGQsSJu5FF06XR/ldrCor0So77e+qyrpogTfNPXQ=")
        #expect(
            AppSecret.derive(appKeyMaterial: "material", serial: "SER-1", appKey: 5, stage: .dev, epoch: 12)
                == "rt09LZ+HTmj/e6MrmDtOmbb/lNH2Xss4XBvKBrsQJLU=")
        #expect(AppSecret.authid(serial: "SER-1", appKey: 5, stage: .dev, epoch: 12) == "app-5-dev-e12@SER-1")
    }
}
