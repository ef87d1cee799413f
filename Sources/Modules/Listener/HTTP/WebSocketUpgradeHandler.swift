import ModuleKit
import NIOCore
import NIOHTTP1
import WAMPTransport

// NIO's own upgrade handlers look at a connection's first request only, and drop a request whose `Upgrade` they do not
// accept. This one stands behind the codec for as long as the connection speaks HTTP.
//
// After an upgrade, nothing of HTTP is left in the pipeline. The decoder is the last to go, one turn of the loop later,
// and then gives up the bytes that came behind the request: until then this handler stays and holds them.

/// Upgrades a connection to a WebSocket, at its first request or any later one.
final class WebSocketUpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    /// Requests' parts, and bytes once the decoder has stopped.
    typealias InboundIn = Any
    typealias InboundOut = Any
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case http
        /// The head has been accepted; its end is to come.
        case accepted(HTTPResponseHead, any ChannelInboundHandler)
        /// The decoder is being removed.
        case upgraded(bytes: [ByteBuffer])
        case closing
    }

    private let connection: Connection
    private let handlers: HTTPPipeline
    private var state = State.http
    private var deadline = Deadline()
    private var isInputClosed = false

    init(_ connection: Connection, _ handlers: HTTPPipeline) {
        self.connection = connection
        self.handlers = handlers
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        let connection = connection
        deadline.set(after: connection.services.limits.httpHeadTimeout, on: context.eventLoop) {
            connection.log("no request head in time")
            channel.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let message = Self.unwrapInboundIn(data)
        if let part = message as? HTTPServerRequestPart {
            read(part, data, context)
        } else if case .byteBuffer(let bytes)? = message as? IOData, case .upgraded(var held) = state {
            held.append(bytes)
            state = .upgraded(bytes: held)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.fireChannelReadComplete() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { isInputClosed = true }
        context.fireUserInboundEventTriggered(event)
    }

    private func read(_ part: HTTPServerRequestPart, _ data: NIOAny, _ context: ChannelHandlerContext) {
        switch (state, part) {
        case (.http, .head(let head)):
            deadline.cancel()
            read(head, data, context)
        case (.http, _):
            context.fireChannelRead(data)
        case (.accepted(let answer, let handler), .end):
            upgrade(answer, handler, context)
        case (.upgraded, .head):
            // The decoder did not see that the protocol has changed: nothing that follows can be trusted.
            context.close(promise: nil)
        case (.accepted, _), (.upgraded, _), (.closing, _):
            break
        }
    }

    private func read(_ head: HTTPRequestHead, _ data: NIOAny, _ context: ChannelHandlerContext) {
        let policy = connection.services.policy
        let decision = WebSocketHandshake.decide(head, compresses: connection.services.compresses) {
            policy.allowsOrigin($0, host: $1)
        }
        switch decision {
        case .ordinaryRequest:
            context.fireChannelRead(data)
        case .refuse(let status, let headers, let reason):
            refuse(status, headers, reason, context)
        case .accept(let subprotocol, let deflate, let path, var answer):
            guard policy.isTrusted(connection.peer) else {
                return refuse(.forbidden, [:], "WAMP without TLS is not allowed from here; use wss", context)
            }
            guard connection.admission.beganAnew() else {
                return refuse(.serviceUnavailable, ["Retry-After": "5"], "too many connections are signing in", context)
            }
            let cookie = connection.cookie(of: head.headers["Cookie"])
            if let header = cookie?.header { answer.headers.add(name: "Set-Cookie", value: header) }
            let handler = connection.accept(
                context.channel, serializer: subprotocol.serializer,
                framing: .webSocket(subprotocol, isCompressed: deflate != nil)
            ) {
                $0.peer.path = path
                $0.peer.cookie = cookie?.value
                $0.isBatched = subprotocol.isBatched
                $0.deflate = deflate
            }
            guard let handler else {
                return refuse(.serviceUnavailable, ["Retry-After": "5"], "not ready, or shutting down", context)
            }
            state = .accepted(answer, handler)
        }
    }

    private func upgrade(
        _ answer: HTTPResponseHead, _ handler: any ChannelInboundHandler, _ context: ChannelHandlerContext
    ) {
        state = .upgraded(bytes: [])
        context.write(Self.wrapOutboundOut(.head(answer)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        guard !isInputClosed else { return context.close(promise: nil) }
        let pipeline = context.pipeline.syncOperations
        do {
            try context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
            pipeline.removeHandler(handlers.encoder, promise: nil)
            pipeline.removeHandler(handlers.pipelining, promise: nil)
            pipeline.removeHandler(handlers.requests, promise: nil)
            try pipeline.addHandler(handler)
        } catch {
            return context.close(promise: nil)
        }
        let removed = context.eventLoop.makePromise(of: Void.self)
        pipeline.removeHandler(handlers.decoder, promise: removed)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        removed.futureResult.whenComplete { _ in
            let (handler, context) = bound.value
            handler.leave(context)
        }
    }

    /// Hands on what came behind the request, and goes.
    private func leave(_ context: ChannelHandlerContext) {
        guard case .upgraded(let held) = state else { return }
        state = .closing
        for bytes in held { context.fireChannelRead(Self.wrapInboundOut(bytes)) }
        if !held.isEmpty { context.fireChannelReadComplete() }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func refuse(
        _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ reason: String, _ context: ChannelHandlerContext
    ) {
        state = .closing
        connection.log("WebSocket: \(reason)")
        let body = ByteBuffer(string: reason + "\n")
        var headers = headers
        headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
