import WAMP

/// What can be fuzzed.
enum FuzzTarget: String, CaseIterable {
    case json, messagepack, cbor, transcoding, message
    case websocket, rawsocket, batch, proxy, opening, engine
    case secrets, rows, queries

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
        case .secrets: SecretsAgreement.difference(bytes)
        case .rows: RowsAgreement.difference(bytes)
        case .queries: QueryAgreement.difference(bytes)
        }
    }

    private func first(_ difference: (Serializer) -> String?) -> String? {
        Serializer.allCases.lazy.compactMap(difference).first
    }
}
