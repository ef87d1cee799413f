// What the product is made of: reading this list is reading the product. Router and listener are not in it, because
// they are always there and every module meets the others through them.

import ModuleKit

enum Registry {
    /// In the order in which they start; they end in the reverse order.
    static let modules = ModuleRegistry([])
    /// Modules that gantry.yml knows and this executable does not have yet.
    static let pending: [ModuleID] = ["credentials", "provisioner", "fleetdb", "alarms", "webui"]
}
