package import NIOCore
import NIOPosix
package import NIOSSL
package import WAMPClient

/// A load on one server: its connections and counters, on one event loop of its own.
///
/// One loop, because a load that shares a small machine with its server must leave it a core.
//
// Unchecked: confined to its event loop; what is called from outside goes there first.
package final class LoadRun: @unchecked Sendable {
    let plan: LoadPlan
    let loop: any EventLoop
    private let endpoint: ClientEndpoint
    private let tls: NIOSSLContext?
    private let makeCodec: (LoadRole) throws -> any LoadCodec

    // Connecting
    private(set) var connections: [LoadConnection] = []
    private var nextRole = 0
    private var openingCount = 0
    private(set) var readyCount = 0
    private var opened: EventLoopPromise<Void>?
    private(set) var failure: LoadError?

    // Traffic
    private var dirty: [LoadConnection] = []
    private var isFlushScheduled = false
    private var signals: [LoadSignal] = []
    private var publishers: [LoadConnection] = []
    private var nextTopic = 0
    private var nextPublisher = 0
    private(set) var isRunning = false
    private var lastProgress: UInt64 = 0
    private var schedule: OpenLoopSchedule?
    var counters = LoadCounters()

    /// - Parameters:
    ///   - loop: where everything happens; nothing else should.
    ///   - makeCodec: called on the loop, once for each connection.
    package init(
        _ plan: LoadPlan, to endpoint: ClientEndpoint, tls: NIOSSLContext? = nil, on loop: any EventLoop,
        makeCodec: @escaping @Sendable (LoadRole) throws -> any LoadCodec
    ) {
        self.plan = plan
        self.endpoint = endpoint
        self.tls = tls
        self.loop = loop
        self.makeCodec = makeCodec
    }

    /// A generator that reads little at a time answers little at a time, and has the server do the same.
    private static let readBytesMax = 256 << 10

    /// Nanoseconds of the monotonic clock.
    static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

    // MARK: Connecting

    /// Completes when every connection has taken up its role.
    func open() -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        loop.execute {
            self.opened = promise
            self.openMore()
        }
        return promise.futureResult
    }

    private func openMore() {
        guard failure == nil else { return }
        while nextRole < plan.roles.count, openingCount < LoadPlan.openingMax {
            let role = plan.roles[nextRole]
            nextRole += 1
            open(role)
        }
        if readyCount == plan.roles.count { complete(nil) }
    }

    /// Connects one more, whatever the plan says.
    func open(_ role: LoadRole) {
        openingCount += 1
        let connection: LoadConnection
        do {
            connection = LoadConnection(role, try makeCodec(role), depth: plan.depth, self)
        } catch {
            return fail(error as? LoadError ?? LoadError("\(error)"))
        }
        if sessionLoop == nil { connections.append(connection) }
        endpoint.connect(on: loop, tls: tls) { channel in
            if role.kind != .idle {
                let reads = FixedSizeRecvByteBufferAllocator(capacity: Self.readBytesMax)
                try channel.syncOptions?.setOption(.recvAllocator, value: reads)
            }
            try channel.pipeline.syncOperations.addHandler(connection)
        }.whenFailure { error in
            self.fail(LoadError("cannot connect: \(error)", isConnection: true))
        }
    }

    private func becameReady(_ connection: LoadConnection, at now: UInt64) {
        guard !connection.isReady else { return }
        connection.isReady = true
        openingCount -= 1
        readyCount += 1
        if let sessions = sessionLoop { return sessions.becameReady(connection) }
        if plan.traffic == .none { counters.record(now &- connection.beginning) }
        openMore()
    }

    func closed(_ connection: LoadConnection, _ reason: LoadError) {
        if let sessions = sessionLoop { return sessions.closed(connection, reason) }
        if !isClosing { fail(reason) }
    }

    func fail(_ reason: LoadError) {
        if failure == nil { failure = reason }
        isRunning = false
        complete(reason)
    }

    private func complete(_ error: LoadError?) {
        guard let promise = opened else { return }
        opened = nil
        if let error { promise.fail(error) } else { promise.succeed() }
    }

    // MARK: Ending

    private var isClosing = false
    /// Joins and leaves, where that is the load.
    var sessionLoop: SessionLoop?

    /// Lets all connections go: with a farewell, whose answer is not awaited.
    func close() {
        isRunning = false
        isClosing = true
        for connection in connections {
            if connection.isReady { _ = connection.codec.leave() }
            connection.flush()
            connection.close()
        }
        connections = []
        publishers = []
    }

    // MARK: Reading and writing

    func read(_ bytes: ByteBuffer, _ connection: LoadConnection) {
        let now = Self.now()
        do {
            try connection.codec.receive(bytes, &signals)
        } catch {
            closed(connection, error as? LoadError ?? LoadError("what the server sent is no message: \(error)"))
            return connection.close()
        }
        for signal in signals { received(signal, connection, now) }
        signals.removeAll(keepingCapacity: true)
        touch(connection)
    }

    /// The connection has something to write, or may have.
    func touch(_ connection: LoadConnection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.execute {
            self.isFlushScheduled = false
            for connection in self.dirty { connection.flush() }
            self.dirty.removeAll(keepingCapacity: true)
        }
    }

    private func received(_ signal: LoadSignal, _ connection: LoadConnection, _ now: UInt64) {
        switch signal {
        case .ready: becameReady(connection, at: now)
        case .result(let number), .acknowledged(let number):
            counters.record(connection.age(of: number, at: now))
            requestEnded(connection, now)
        case .failed:
            counters.errorCount += 1
            counters.latestError = connection.codec.latestError
            requestEnded(connection, now)
        case .event(let stamp): eventReceived(stamp, now)
        case .left: sessionLoop?.left(connection)
        }
    }

    // MARK: Traffic

    /// Begins the traffic of the plan.
    func start() {
        isRunning = true
        lastProgress = Self.now()
        switch plan.traffic {
        case .calls(let depth):
            for caller in connections where caller.role.kind == .caller {
                for _ in 0..<depth { call(caller) }
            }
        case .acknowledged(let depth):
            for publisher in connections where publisher.role.kind == .publisher {
                for _ in 0..<depth { publish(publisher) }
            }
        case .publications(let window):
            publishers = connections.filter { $0.role.kind == .publisher }
            for publisher in publishers {
                publisher.credit = DeliveryCredit(
                    window: window, deliveriesPerPublication: plan.deliveriesPerPublication)
                pump(publisher)
            }
        case .scheduled(let perSecond):
            publishers = connections.filter { $0.role.kind == .publisher }
            schedule = OpenLoopSchedule(perSecond: perSecond, start: Self.now())
            publishDue()
        case .none: break
        }
    }

    private func call(_ caller: LoadConnection) {
        caller.sent(caller.codec.call(), at: Self.now())
        touch(caller)
    }

    private func publish(_ publisher: LoadConnection) {
        let now = Self.now()
        let stamp = LoadStamp(publisher: publisher.role.number, time: now)
        publisher.sent(publisher.codec.publish(topic: nextTopic, stamp), at: now)
        // A stride that is prime to any count of topics in use, so that neighbours in a table are not neighbours in time.
        if plan.topicCount > 1 { nextTopic = (nextTopic + 7919) % plan.topicCount }
        touch(publisher)
    }

    private func requestEnded(_ connection: LoadConnection, _ now: UInt64) {
        lastProgress = now
        guard isRunning else { return }
        if case .calls = plan.traffic { call(connection) } else { publish(connection) }
    }

    private func eventReceived(_ stamp: LoadStamp?, _ now: UInt64) {
        guard case .publications = plan.traffic else {
            if case .scheduled = plan.traffic, let stamp { counters.record(stamp.age(at: now)) }
            return
        }
        guard let stamp, publishers.indices.contains(stamp.publisher) else {
            counters.errorCount += 1
            return
        }
        lastProgress = now
        counters.record(stamp.age(at: now))
        publishers[stamp.publisher].credit.delivered()
        if isRunning { pump(publishers[stamp.publisher]) }
    }

    private func pump(_ publisher: LoadConnection) {
        while publisher.credit.mayPublish {
            publisher.credit.published()
            publish(publisher)
        }
    }

    private func publishDue() {
        guard isRunning, let interval = schedule?.intervalNanoseconds, !publishers.isEmpty else { return }
        let due = schedule?.due(at: Self.now()) ?? 0
        for _ in 0..<due {
            let publisher = publishers[nextPublisher % publishers.count]
            nextPublisher += 1
            if publisher.isWritable { publish(publisher) } else { counters.lostCount += plan.deliveriesPerPublication }
        }
        loop.scheduleTask(in: .nanoseconds(interval)) { self.publishDue() }
    }

    /// A closed loop that nothing moves has lost something: that is counted, and the loop begins anew.
    func reviveIfStalled() {
        guard isRunning, Self.now() - lastProgress > 2_000_000_000 else { return }
        lastProgress = Self.now()
        switch plan.traffic {
        case .publications:
            for publisher in publishers {
                counters.lostCount += publisher.credit.giveUp()
                pump(publisher)
            }
        case .calls, .acknowledged: counters.lostCount += 1
        case .scheduled, .none: break
        }
    }
}

extension LoadPlan {
    /// Requests that one connection has under way.
    var depth: Int {
        switch traffic {
        case .calls(let depth), .acknowledged(let depth): depth
        case .publications, .scheduled, .none: 0
        }
    }
}
