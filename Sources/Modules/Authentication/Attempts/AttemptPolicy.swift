package import ModuleKit

/// What failed attempts cost. Every part is a setting (`credentials` in gantry.yml), and holds for every realm and for
/// the sign-in over HTTP.
package struct AttemptPolicy: Sendable, Hashable {
    package var limits: AttemptLimiter.Limits
    /// How long after an attempt every refusal is answered. Longer than any comparison takes, so that the time says
    /// nothing; and each guess costs it.
    package var refusalDelay: Duration

    package init(limits: AttemptLimiter.Limits = AttemptLimiter.Limits(), refusalDelay: Duration = .milliseconds(500)) {
        self.limits = limits
        self.refusalDelay = refusalDelay
    }

    /// - Parameter settings: the scope `credentials`.
    package init(from settings: Settings) {
        self.init()
        limits.failuresMax = settings.integer("attempts_max", default: limits.failuresMax, in: 1...100)
        limits.block = settings.duration(
            "attempt_block", default: limits.block, in: .seconds(1)...(.seconds(86_400)))
        refusalDelay = settings.duration("refusal_delay", default: refusalDelay, in: .zero...(.seconds(5)))
    }
}
