import ModuleKit

/// What a request is answered with.
enum HTTPAnswer: Sendable {
    case whole(HTTPResponse)
    /// A head, and behind it events until one of both ends goes.
    case events(HTTPResponse, EventStream)

    var head: HTTPResponse {
        get {
            switch self {
            case .whole(let response), .events(let response, _): response
            }
        }
        set {
            switch self {
            case .whole: self = .whole(newValue)
            case .events(_, let stream): self = .events(newValue, stream)
            }
        }
    }

    /// The events of a connection.
    static func events(of channel: CarriedChannel) -> HTTPAnswer {
        let head = HTTPResponse(
            status: 200, headers: [("Content-Type", "text/event-stream"), ("X-Accel-Buffering", "no")])
        return .events(head, EventStream(of: channel))
    }
}
