// What the product is made of: reading this list is reading the product. Router and listener are not in it, because
// they are always there and every module meets the others through them.

import Alarms
import Credentials
import FleetDB
import ModuleKit
import Provisioner
import WebUI

enum Registry {
    /// In the order in which they start; they end in the reverse order.
    static let modules = ModuleRegistry([
        CredentialsModule.self,
        ProvisionerModule.self,
        FleetDBModule.self,
        AlarmsModule.self,
        WebUIModule.self,
    ])
}
