import ModuleKit
import NIOCore
import Synchronization
import Testing
import WAMP

@testable import WAMPClient

/// A client's session against a router that is played by the test, as JSON texts.
@Suite struct ClientTests {
    /// What the client has sent, and whoever waits for more of it.
    private final class Wire: Sendable {
        let messages: AsyncStream<String>
        private let sink: AsyncStream<String>.Continuation

        init() { (messages, sink) = AsyncStream.makeStream() }

        func take(_ message: ByteBuffer) { sink.yield(String(buffer: message)) }
    }

    private let wire = Wire()
    private let client: Client

    init() {
        client = Client(id: SessionID(1), realm: "realm1", serializer: .json) { [wire] in wire.take($0) }
    }

    private func receive(_ message: String) { client.receive(ByteBuffer(string: message)) }

    /// Registers a procedure, whose registration is 7, and calls it by INVOCATION 1.
    private func invoke(
        _ sent: inout AsyncStream<String>.Iterator, _ serve: @escaping @Sendable (Invocation) -> Void
    ) async throws {
        async let registered = client.register("com.p", options: RegisterOptions(), serve)
        #expect(await sent.next() == #"[64,1,{},"com.p"]"#)
        receive("[65, 1, 7]")
        #expect(try await registered == RegistrationID(7))
        receive("[68, 1, 7, {}]")
    }

    /// Spec: "Call Canceling".
    @Test(arguments: ["kill", "killnowait"])
    func `an INTERRUPT cancels what answers, which says so`(mode: String) async throws {
        var sent = wire.messages.makeAsyncIterator()
        try await invoke(&sent) { invocation in
            invocation.answer {
                do {
                    try await Task.sleep(for: .seconds(60))
                    invocation.yield(.none)
                } catch {
                    invocation.fail(WAMPError(.canceled))
                }
            }
        }
        receive(#"[69, 1, {"mode": "\#(mode)"}]"#)
        #expect(await sent.next() == #"[8,68,1,{},"wamp.error.canceled"]"#)
    }

    @Test func `what is finished when the INTERRUPT comes is the answer`() async throws {
        var sent = wire.messages.makeAsyncIterator()
        try await invoke(&sent) { invocation in
            invocation.answer {
                while !Task.isCancelled { await Task.yield() }
                invocation.yield(Payload(["done"]))
            }
        }
        receive(#"[69, 1, {"mode": "kill"}]"#)
        #expect(await sent.next() == #"[70,1,{},["done"]]"#)
    }

    @Test func `an INTERRUPT of what is over, or was never asked, is nothing`() async throws {
        var sent = wire.messages.makeAsyncIterator()
        try await invoke(&sent) { invocation in invocation.answer { invocation.yield(.none) } }
        #expect(await sent.next() == "[70,1,{}]")
        receive(#"[69, 1, {}]"#)
        receive(#"[69, 99, {}]"#)
        receive(#"[68, 2, 7, {}]"#)
        #expect(await sent.next() == "[70,2,{}]")
    }

    @Test func `a cancelled caller sends CANCEL`() async throws {
        var sent = wire.messages.makeAsyncIterator()
        let call = Task { [client] in try await client.call("com.p") }
        #expect(await sent.next() == #"[48,1,{},"com.p"]"#)
        call.cancel()
        #expect(await sent.next() == #"[49,1,{"mode":"killnowait"}]"#)
        receive(#"[8, 48, 1, {}, "wamp.error.canceled"]"#)
        await #expect(throws: WAMPError(.canceled, Payload(serializer: .json))) { try await call.value }
    }
}
