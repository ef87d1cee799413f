import NIOCore
import NIOHTTP1

// NIO's HTTP/1 codec, its one-request-at-a-time handler, and two handlers of ours. No library stands between: routes
// are exact paths with whole bodies, and a request costs a task only while its route answers, so that an idle
// keep-alive connection holds none and every limit works before anything is allocated for a request.

/// The handlers of a connection that speaks HTTP, in order.
struct HTTPPipeline {
    let encoder: HTTPResponseEncoder
    let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    let pipelining: HTTPServerPipelineHandler
    let requests: HTTPRequestHandler

    /// Adds them at the end of the pipeline. On the channel's event loop.
    static func add(to channel: any Channel, _ connection: Connection) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = connection.services.limits.httpHeadBytesMax
        limits.maxHeaderListSize = connection.services.limits.httpHeadBytesMax
        let handlers = HTTPPipeline(
            encoder: HTTPResponseEncoder(),
            decoder: ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)),
            pipelining: HTTPServerPipelineHandler(),
            requests: HTTPRequestHandler(connection))
        // A client may close its half behind its last request and still read the answer.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(handlers.encoder)
        try pipeline.addHandler(handlers.decoder)
        try pipeline.addHandler(handlers.pipelining)
        try pipeline.addHandler(WebSocketUpgradeHandler(connection, handlers))
        try pipeline.addHandler(handlers.requests)
    }
}
