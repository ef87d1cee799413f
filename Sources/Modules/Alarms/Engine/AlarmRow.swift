package import WAMP

/// A committed row of a table, as FleetDB's history shows it.
package struct AlarmRow: Sendable, Hashable {
    /// The table's commit sequence: later rows have greater ones.
    package var sequence: Int64
    /// The row's `tsp`: the device's clock.
    package var time: Timestamp
    /// -1 where the row names no device, as in FleetDB.
    package var deviceKey: Int64
    /// All columns, `tsp` and `device_key` included; a missing one is NULL.
    package var columns: [String: Value]

    package init(sequence: Int64, time: Timestamp, deviceKey: Int64, columns: [String: Value]) {
        self.sequence = sequence
        self.time = time
        self.deviceKey = deviceKey
        self.columns = columns
    }
}

extension AlarmRow {
    /// Reads a row from FleetDB.
    ///
    /// A row that lacks `tsp` or `device_key` (FleetDB writes none) is taken as of now and without a device: an
    /// alarm is not lost over it.
    package init?(_ value: Value, sequence: Int64, now: Timestamp) {
        guard let columns = value.dictionary else { return nil }
        self.init(
            sequence: sequence,
            time: columns["tsp"]?.integer.map(Timestamp.init(milliseconds:)) ?? now,
            deviceKey: columns["device_key"]?.integer ?? -1,
            columns: columns)
    }
}
