// Where requests wait for the writer: while one commit runs, what comes in becomes the next. The queue is bounded by
// what its requests weigh. When it is full, the sessions that feed it stop receiving: their links fill, and the router
// stops reading from the connections behind them. So the pressure goes back to the publisher's TCP, and nothing is
// dropped. What a session has been given already is always taken: only the next message can be kept away.

import ModuleKit
import Synchronization
import WAMP

/// A bounded queue between the sessions and the writer.
final class IngestQueue: Sendable {
    struct Bounds: Sendable, Hashable {
        var bytesMax = 64 << 20
        var requestsMax = 200_000
        /// What is taken out at once, and so becomes one commit.
        var batchBytesMax = 4 << 20
    }

    private let bounds: Bounds
    private let state = Mutex(State())
    private let flow = Mutex(Flow())

    private struct State {
        var requests: [AppendRequest] = []
        var byteCount = 0
        var isDraining = false
        var isFull = false
    }

    /// The sessions that feed the queue, and what they have been told.
    private struct Flow {
        var sessions: [SessionID: any ClientSession] = [:]
        var isPaused = false
    }

    init(_ bounds: Bounds = Bounds()) {
        self.bounds = bounds
    }

    /// Whether the sessions are kept from receiving.
    var isFull: Bool { state.withLock { $0.isFull } }

    /// Adds a request behind the others.
    ///
    /// - Returns: whether the writer sleeps and must be woken.
    func append(_ request: AppendRequest) -> Bool {
        let (wakes, becomesFull) = state.withLock { state in
            state.requests.append(request)
            state.byteCount += request.byteCount
            defer { state.isDraining = true }
            let isOver = state.byteCount >= bounds.bytesMax || state.requests.count >= bounds.requestsMax
            let becomesFull = isOver && !state.isFull
            if becomesFull { state.isFull = true }
            return (!state.isDraining, becomesFull)
        }
        if becomesFull { adjustFlow() }
        return wakes
    }

    /// The next batch, in order of arrival; nothing when there is nothing, and then the writer sleeps.
    func takeBatch() -> [AppendRequest] {
        let (batch, hasRoomAgain) = state.withLock { state in
            let batch = take(&state)
            if batch.isEmpty { state.isDraining = false }
            // Half empty: else every request would stop and start the sessions.
            let hasRoom = state.byteCount <= bounds.bytesMax / 2 && state.requests.count <= bounds.requestsMax / 2
            defer { if hasRoom { state.isFull = false } }
            return (batch, state.isFull && hasRoom)
        }
        if hasRoomAgain { adjustFlow() }
        return batch
    }

    private func take(_ state: inout State) -> [AppendRequest] {
        var count = 0
        var byteCount = 0
        for request in state.requests {
            guard count == 0 || byteCount + request.byteCount <= bounds.batchBytesMax else { break }
            count += 1
            byteCount += request.byteCount
        }
        state.byteCount -= byteCount
        guard count < state.requests.count else {
            defer { state.requests = [] }
            return state.requests
        }
        defer { state.requests.removeFirst(count) }
        return Array(state.requests.prefix(count))
    }

    // MARK: Sessions

    /// A session that feeds the queue from now on.
    func attach(_ session: any ClientSession) {
        flow.withLock { flow in
            flow.sessions[session.id] = session
            if flow.isPaused { session.pauseReceiving(true) }
        }
    }

    func detach(_ session: any ClientSession) {
        flow.withLock { $0.sessions[session.id] = nil }
    }

    /// Tells the sessions what the queue is like now. Whoever comes last has read the state last.
    private func adjustFlow() {
        flow.withLock { flow in
            let isFull = self.isFull
            guard isFull != flow.isPaused else { return }
            flow.isPaused = isFull
            for session in flow.sessions.values { session.pauseReceiving(isFull) }
        }
    }
}
