import ModuleKit
import NIOCore
import WAMP
import WAMPTransport

// From HELLO to WELCOME or ABORT. Spec: WAMP-04 "Session Establishment"; what follows what is `SessionHandshake`'s.

extension SessionChannelHandler {
    func perform(_ action: SessionHandshake.Action) {
        switch action {
        case .authenticate(let request, let hello): authenticate(request, hello)
        case .verify(let session, let step): ask(session, step)
        case .challenge(let method, let extra): write(encode { $0.handshake(.challenge, method, extra) })
        case .join(let hello, let session, let principal): join(hello, session, principal)
        case .resume(let hello, let resumption): resume(hello, resumption)
        case .abort(let reason, let message): abort(reason, message)
        case .close: finish([])
        }
    }

    private func authenticate(_ request: AuthenticationRequest, _ hello: Hello) {
        helloAt = .now()
        do throws(HandshakeError) {
            _ = try host.admittedRealm(hello.realm)
            guard let authenticator = host.authenticators.authenticator(for: hello.realm) else {
                throw HandshakeError(.noMatchingAuthMethod, "nobody can authenticate for this realm")
            }
            if let step = authenticator.immediateStep(request) { return proceed(step, request.session) }
            ask(request.session) { await authenticator.authenticate(request) }
        } catch {
            abort(error.reason, error.message)
        }
    }

    /// Runs the authenticator outside the loop; the step comes back to it.
    private func ask(_ session: SessionID, _ step: @escaping @Sendable () async -> AuthenticationStep) {
        guard let eventLoop = context?.eventLoop else { return }
        Task {
            let next = await step()
            eventLoop.execute { self.proceed(next, session) }
        }
    }

    private func proceed(_ step: AuthenticationStep, _ session: SessionID) {
        guard case .opening(var handshake) = state else { return }
        let action = handshake.proceed(step, of: session)
        state = .opening(handshake)
        if let action { perform(action) }
    }

    private func join(_ hello: Hello, _ id: SessionID, _ principal: Principal) {
        guard let context else { return }
        let realm: Realm
        do throws(HandshakeError) {
            realm = try host.admittedRealm(hello.realm)  // it may have been closed meanwhile
        } catch {
            return abort(error.reason, error.message)
        }
        let ticket = hello.isResumable ? host.newResumeTicket() : nil
        let session = JoiningSession(
            id: id, principal: principal, peer: connection.peer, features: hello.features,
            format: WireFormat(serializer: connection.serializer, framing: framing),
            loop: host.loops.number(of: context.eventLoop),
            frameBytesMax: connection.peerMessageBytesMax ?? Int(UInt32.max), resumeTicket: ticket, link: self)
        let welcome = Welcome(
            realm: realm.uri, principal, agent: host.agent, kept: realm.kept, ticket: ticket)
        let handle = realm.join(session, welcome: welcome)
        joined(realm, handle, context)
        // From here on it would be among the sessions that are ended.
        if host.hasDismissed(principal, in: realm.uri, since: helloAt) {
            realm.dismiss(handle, self, .notAuthorized, "the credential has been taken back")
        }
    }

    private func resume(_ hello: Hello, _ resumption: Hello.Resumption) {
        guard let context, let next = host.newResumeTicket() else {
            return abort(.noSuchSession, "sessions are not resumed here (limits.resume_within)")
        }
        let resuming = ResumingConnection(
            ticket: resumption.ticket, nextTicket: next, peer: connection.peer,
            format: WireFormat(serializer: connection.serializer, framing: framing),
            loop: host.loops.number(of: context.eventLoop),
            frameBytesMax: connection.peerMessageBytesMax ?? Int(UInt32.max), link: self)
        guard let (realm, handle) = host.resume(resumption.session, in: hello.realm, resuming) else {
            return abort(.noSuchSession, "there is no session \(resumption.session.rawValue) that this would resume")
        }
        joined(realm, handle, context)
    }

    private func joined(_ realm: Realm, _ handle: SessionHandle, _ context: ChannelHandlerContext) {
        connection.admission.authenticated()
        parser.messageBytesMax = connection.messageBytesMax
        state = .joined(realm, handle)
        if !isWritable { channelWritabilityChanged(context: context) }
    }
}
