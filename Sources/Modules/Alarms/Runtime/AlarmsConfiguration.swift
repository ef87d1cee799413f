package import ModuleKit

/// The part of gantry.yml that is called `alarms`.
package struct AlarmsConfiguration: Sendable, Hashable {
    /// How long the journal is kept.
    package var journalRetention: Duration
    /// How long an alarm may be shelved at most.
    package var shelvingMax: Duration

    package init(
        journalRetention: Duration = .seconds(400 * 86_400), shelvingMax: Duration = .seconds(7 * 86_400)
    ) {
        self.journalRetention = journalRetention
        self.shelvingMax = shelvingMax
    }

    package init(_ settings: Settings) {
        let built = AlarmsConfiguration()
        let day = Duration.seconds(86_400)
        journalRetention = settings.duration(
            "journal_retention", default: built.journalRetention, in: day...(day * 36_500))
        shelvingMax = settings.duration(
            "shelving_max", default: built.shelvingMax, in: .seconds(60)...(day * 365))
    }
}
