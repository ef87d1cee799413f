/// Where every verdict on a secret is spoken, whatever the transport: one limiter, one answer, one duration. The
/// appliance makes one for the process; the router's plain realms, the realms of apps and the sign-in over HTTP share it.
package protocol AttemptJudging: Sendable {
    /// Notes when an attempt came in; hand it to `refuse` or `verdict`.
    func begin() -> Duration

    /// Whether an attempt is accepted: right, and not one too many. When it is not, returns only after the time that
    /// every refusal takes.
    ///
    /// - Parameters:
    ///   - isRight: whether the secret was the right one.
    ///   - address: of the peer.
    ///   - subject: whose credential was tried.
    func verdict(_ isRight: Bool, from address: String, on subject: String, since start: Duration) async -> Bool

    /// Whether an attempt may go on whose proof is right so far, and that is asked for another one. Decides nothing: half
    /// a success forgives no failure. When it may not, returns only after the time that every refusal takes.
    func mayGoOn(from address: String, on subject: String, since start: Duration) async -> Bool

    /// Waits until the moment at which every refusal is answered.
    func refuse(since start: Duration) async

    /// Forgets what was held against a subject, because it has been given a new credential.
    func forgive(_ subject: String)
}
