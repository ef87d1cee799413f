// Why a request is refused, as its caller hears it: a URI of the vendor's contract, and first among the arguments a
// sentence for a person.

import ModuleKit
import WAMP

extension ErrorURI {
    static let invalidFilter: ErrorURI = "sys.dataservice.error.invalid_filter"
    static let invalidLimit: ErrorURI = "sys.dataservice.error.invalid_limit"
    static let invalidTimeRange: ErrorURI = "sys.dataservice.error.invalid_time_range"
    static let invalidMetric: ErrorURI = "sys.dataservice.error.invalid_metric"
    static let invalidGroupBy: ErrorURI = "sys.dataservice.error.invalid_group_by"
    static let resultTooLarge: ErrorURI = "sys.dataservice.error.result_too_large"
    static let seriesTooManyGroups: ErrorURI = "sys.dataservice.error.series_too_many_groups"
    static let entityKeyConflict: ErrorURI = "sys.dataservice.error.entity_key_conflict"
    static let storageFull: ErrorURI = "sys.dataservice.error.storage_full"
}

/// A request that is answered with an ERROR.
struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    var uri: ErrorURI
    var reason: String
    /// The place of the mistake in the request, e.g. `$input[0].limit`.
    var path: String?

    init(_ uri: ErrorURI = .runtimeError, _ reason: String, path: String? = nil) {
        self.uri = uri
        self.reason = reason
        self.path = path
    }

    var description: String { "\(uri): \(reason)" }
}
