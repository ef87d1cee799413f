import FoundationEssentials

/// The server's clock and zone, for pages that show everybody the same time whatever their own clock says.
struct ServerClock: Sendable {
    /// Milliseconds since 1970.
    var now: @Sendable () -> Int64
    /// IANA name: `Europe/Berlin`.
    var timeZone: @Sendable () -> String

    /// Of this host. The zone is asked for each time: it can be changed while the server runs.
    static let system = ServerClock(
        now: { Int64((Date.now.timeIntervalSince1970 * 1000).rounded()) },
        timeZone: { TimeZone.autoupdatingCurrent.identifier })

    /// `{"time":1763700000000,"time_zone":"Europe/Berlin"}`
    var json: [UInt8] {
        // Letters, digits and `/_+-` are all that a zone's name has; anything else would not be one.
        let zone = timeZone().filter { $0.isASCII && ($0.isLetter || $0.isNumber || "/_+-".contains($0)) }
        return Array("{\"time\":\(now()),\"time_zone\":\"\(zone)\"}".utf8)
    }
}
