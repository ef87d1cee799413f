import WAMP

/// What can be fuzzed.
enum FuzzTarget: String, CaseIterable {
    case json, messagepack, cbor, transcoding, message
    case websocket, rawsocket, batch, proxy, opening, engine
    /// Four small ones in one process, where there is no time for each: an input's first byte says which.
    case transports

    /// What an input shows to be wrong; nil is nothing.
    func difference(_ bytes: [UInt8]) -> String? {
        switch self {
        case .json: Agreement.difference(bytes, .json)
        case .messagepack: Agreement.difference(bytes, .messagePack)
        case .cbor: Agreement.difference(bytes, .cbor)
        case .transcoding: first { Agreement.transcodingDifference(bytes, $0) }
        case .message: first { MessageAgreement.difference(bytes, $0) }
        case .websocket: FrameAgreement.webSocketDifference(bytes)
        case .rawsocket: FrameAgreement.rawSocketDifference(bytes)
        case .batch: BatchAgreement.difference(bytes)
        case .proxy: ProxyAgreement.difference(bytes)
        case .opening: OpeningAgreement.difference(bytes)
        case .engine: EngineScript.difference(bytes)
        case .transports: Self.small[Int(bytes.first ?? 0) % Self.small.count].difference(Array(bytes.dropFirst()))
        }
    }

    private static let small: [FuzzTarget] = [.rawsocket, .batch, .proxy, .opening]

    private func first(_ difference: (Serializer) -> String?) -> String? {
        Serializer.allCases.lazy.compactMap(difference).first
    }
}
