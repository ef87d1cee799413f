import ModuleKit
import NIOCore
import NIOHTTP1

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Collects one request at a time, has it answered, and writes the answer.
///
/// `HTTPServerPipelineHandler` in front of it holds back the next request until the answer has been written.
final class HTTPRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        case reading(HTTPRequestHead, body: ByteBuffer)
        /// With `waits`, for something that may be long in coming: whoever closes a half of the connection meanwhile is
        /// taken for gone.
        case answering(Task<Void, Never>, waits: Bool)
        case streaming(EventStream)
        /// An answer with `Connection: close` is on its way.
        case closing
    }

    /// How long the rest of a refused request is read and dropped.
    private static let linger = Duration.seconds(2)

    private let connection: Connection
    private var state = State.waiting
    private var deadline = Deadline()
    private var isInputClosed = false

    init(_ connection: Connection) { self.connection = connection }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline.cancel()
        switch state {
        case .answering(let task, _): task.cancel()
        case .streaming(let stream): stream.gone()
        case .waiting, .reading, .closing: break
        }
        state = .closing
    }

    func channelInactive(context: ChannelHandlerContext) {
        handlerRemoved(context: context)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (state, Self.unwrapInboundIn(data)) {
        case (.waiting, .head(let head)):
            begin(head, context)
        case (.reading(let head, var body), .body(var bytes)):
            guard bytes.readableBytes <= connection.services.limits.httpBodyBytesMax - body.readableBytes else {
                return refuse(.text(413, "body is too large"), context)
            }
            state = .waiting  // so that the body has one owner while it grows
            body.writeBuffer(&bytes)
            state = .reading(head, body: body)
        case (.reading(let head, let body), .end):
            deadline.cancel()
            connection.admission.authenticated()
            answer(head, body, context)
        case (.waiting, _), (.reading, .head), (.answering, _), (.streaming, _), (.closing, _):
            break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            isInputClosed = true
            switch state {
            case .answering(_, waits: false): break
            case .answering(let task, waits: true):
                task.cancel()  // first: once the connection is seen to close, nothing is handed to it any more
                context.close(promise: nil)
            case .streaming, .waiting, .reading, .closing: context.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .streaming(let stream) = state, context.channel.isWritable { stream.becameWritable() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.log("HTTP: \(error)")
        switch (error as? HTTPParserError, state) {
        case (.headerOverflow?, .waiting):
            refuse(.text(431, "request head is too large"), context)
        case (_?, .waiting), (_?, .reading):
            refuse(.text(400, "not HTTP/1.1"), context)
        default:
            context.close(promise: nil)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let limits = connection.services.limits
        let length = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
        guard length <= limits.httpBodyBytesMax else {
            return refuse(.text(413, "body is too large"), context)
        }
        guard head.version.minor == 0 || head.headers["Host"].count == 1 else {
            return refuse(.text(400, "one Host header is needed"), context)
        }
        state = .reading(head, body: ByteBuffer())
        expect(within: limits.httpBodyTimeout, "no request body in time", context)
        if head.headers[canonicalForm: "Expect"].contains(where: { $0.lowercased() == "100-continue" }) {
            let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(Self.wrapOutboundOut(.head(goOn)), promise: nil)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        guard let target = HTTPTarget(head.uri) else {
            return refuse(.text(400, "not a path"), context)
        }
        var headers: [String: String] = [:]
        for (name, value) in head.headers {
            let name = name.lowercased()
            headers[name] = headers[name].map { $0 + ", " + value } ?? value
        }
        let request = HTTPRequest(
            method: head.method.rawValue, path: target.path, query: target.query, headers: headers,
            body: Array(buffer: body), peer: connection.peer)
        if connection.services.policy.http(connection.peer) == .authorityOnly,
            !AuthorityPages.paths.contains(target.path)
        {
            let answer = HTTPResponse.redirectToHTTPS(request, uri: head.uri)
            return write(answer, isHead: head.method == .HEAD, isKeptAlive: Self.mayBeKeptAlive(head), context)
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let (routes, transports, connection) = (connection.services.routes, connection.services.transports, connection)
        let isKeptAlive = Self.mayBeKeptAlive(head)
        let isHead = head.method == .HEAD
        let task = Task {
            let carried = await transports.answer(request, connection)
            let answer = if let carried { carried } else { HTTPAnswer.whole(await routes.answer(request)) }
            bound.eventLoop.execute {
                let (handler, context) = bound.value
                guard case .answering = handler.state else { return }
                switch answer {
                case .whole(let response): handler.write(response, isHead: isHead, isKeptAlive: isKeptAlive, context)
                case .events(let head, let stream): handler.begin(stream, head, context)
                }
            }
        }
        state = .answering(task, waits: transports.waits(target.path))
    }

    /// Writes the head; the body is the stream's. The connection serves no other request.
    private func begin(_ stream: EventStream, _ response: HTTPResponse, _ context: ChannelHandlerContext) {
        state = .streaming(stream)
        let head = response.head(isKeptAlive: false, isStreamed: true, date: HTTPDate.now)
        context.writeAndFlush(Self.wrapOutboundOut(.head(head)), promise: nil)
        stream.begin(on: context.channel)
    }

    /// NIO's decoder reads nothing behind a request that asks for an upgrade, also for one that it does not get.
    private static func mayBeKeptAlive(_ head: HTTPRequestHead) -> Bool {
        head.isKeepAlive && !head.headers.contains(name: "Upgrade") && head.method != .CONNECT
    }

    /// Answers before the request has been read, and reads no more of it. The output is closed first and the rest a
    /// moment later: were the connection reset while the client still sends, it would not see the answer.
    private func refuse(_ response: HTTPResponse, _ context: ChannelHandlerContext) {
        let head = response.head(isKeptAlive: false, date: HTTPDate.now)
        state = .closing
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        context.close(mode: .output, promise: nil)
        expect(within: Self.linger, "request refused with status \(response.status)", context)
    }

    private func write(
        _ response: HTTPResponse, isHead: Bool, isKeptAlive: Bool, _ context: ChannelHandlerContext
    ) {
        let isKeptAlive = isKeptAlive && !isInputClosed
        let head = response.head(isKeptAlive: isKeptAlive, date: HTTPDate.now)
        state = isKeptAlive ? .waiting : .closing
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        if !isHead, head.status.mayHaveResponseBody, !response.body.isEmpty {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        // Before `.end` is written: with it, the next request may come at once. Who does not read the answer is idle too.
        expect(within: connection.services.limits.httpIdleTimeout, "no further request", context)
        if isKeptAlive {
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        } else {
            let channel = context.channel
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    private func expect(within duration: Duration, _ failure: String, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let connection = connection
        deadline.set(after: duration, on: context.eventLoop) {
            connection.log(failure)
            channel.close(promise: nil)
        }
    }
}

extension HTTPDate {
    fileprivate static var now: String { text(secondsSince1970: Int64(Date().timeIntervalSince1970)) }
}
