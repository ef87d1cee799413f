import Testing

@testable import ModuleKit

@Suite struct AppRealmTests {
    @Test(arguments: [
        ("realm-3-5-prod", AppRealm(swarmKey: 3, appKey: 5, stage: .prod)),
        ("realm-1-9007199254740991-dev", AppRealm(swarmKey: 1, appKey: 9_007_199_254_740_991, stage: .dev)),
    ])
    func `a realm's name is read and written`(uri: String, realm: AppRealm) {
        #expect(AppRealm(uri: uri) == realm)
        #expect(realm.uri == uri)
    }

    @Test(arguments: [
        "", "realm", "realm-3-5", "realm-3-5-", "realm-3-5-PROD", "realm-3-5-test", "realm-3-5-prod-x",
        "Realm-3-5-prod",
        "realm-03-5-prod", "realm-+3-5-prod", "realm--3-5-prod", "realm-0-5-prod", "realm-3-x-prod", " realm-3-5-prod",
        "realm-3-5-prod ", "realm-99999999999999999999-5-prod", "realm-３-5-prod", "gantry.admin",
    ])
    func `any other name is none`(uri: String) {
        #expect(AppRealm(uri: uri) == nil)
    }
}
