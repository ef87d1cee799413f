import Crypto
import Foundation
import ModuleKit

/// The vendor's per-app credential: derived, never stored, and so reprintable until its epoch ends.
enum AppSecret {
    /// `APP_AUTH_ID`.
    static func authid(serial: String, appKey: Int64, stage: Stage, epoch: Int64) -> String {
        "app-\(appKey)-\(stage.rawValue)-e\(epoch)@\(serial)"
    }

    /// `APP_AUTH_SECRET`: base64 of HMAC-SHA256 over what the credential is for.
    ///
    /// - Parameter appKeyMaterial: the device's `app_cred_key`, used as the bytes of its text.
    static func derive(
        appKeyMaterial: String, serial: String, appKey: Int64, stage: Stage, epoch: Int64
    ) -> String {
        let purpose = "ironflock/app-cred/v1|\(serial)|\(appKey)|\(stage.uppercased)|\(epoch)"
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(purpose.utf8), using: SymmetricKey(data: Data(appKeyMaterial.utf8)))
        return Data(code).base64EncodedString()
    }
}

/// What is kept for a device: its own secret, and the key from which its per-app credentials are derived.
struct DeviceSecrets: Sendable, Hashable {
    var secret: String
    var appKeyMaterial: String

    init(secret: String, appKeyMaterial: String) {
        self.secret = secret
        self.appKeyMaterial = appKeyMaterial
    }
}
