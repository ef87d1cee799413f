import NIOCore
import Testing
import WAMP
import WAMPTransport

@testable import Router

extension WireFormat: CustomTestStringConvertible {
    /// Those that transports have: text frames hold JSON, the others what is binary; lengths go before everything.
    static let ofTransports = Serializer.allCases.flatMap { serializer in
        Framing.allCases
            .filter { framing in
                switch framing {
                case .webSocketText, .recordSeparated, .cancelSeparated: serializer == .json
                case .webSocketBinary: serializer != .json
                case .rawSocket, .lengthPrefixed: true
                }
            }
            .map { WireFormat(serializer: serializer, framing: $0) }
    }

    /// As a failure names it.
    public var testDescription: String { "\(serializer.name) \(framing)" }
}

/// A session does not belong to its transport: the new one may be of another kind, with another serializer.
extension ResumptionTests {
    /// Ann with a subscription, a registration and a call of Bob's procedure under way.
    private static func realm(
        _ format: WireFormat = WireFormat(serializer: .json, framing: .rawSocket), callOptions: String = "{}",
        features: String = Transcript.allFeatures
    ) throws -> Transcript {
        var limits = RouterLimits()
        limits.resumeWithinMilliseconds = 10_000
        var realm = Transcript(limits: limits)
        try realm.join(
            "ann", serializer: format.serializer, framing: format.framing, features: features, ticket: "first")
        try realm.join("bob", serializer: .cbor, features: Transcript.allFeatures)
        try realm.send("bob", #"[64, 1, {}, "com.bob"]"#)
        try realm.send(
            "ann",
            #"""
            [32, 1, {}, "com.t"]
            [64, 2, {}, "com.ann"]
            [48, 3, \#(callOptions), "com.bob"]
            """#)
        try realm.forget("ann")
        try realm.forget("bob")
        return realm
    }

    @Test(arguments: WireFormat.ofTransports, WireFormat.ofTransports)
    func `what waits is translated for the new transport`(_ old: WireFormat, _ new: WireFormat) throws {
        var realm = try Self.realm(old)
        try realm.disconnect("ann")
        // Of each length that a header writes in its own way, and longer than what outboxes share.
        let texts = ["", "é\\\"\\n😀", String(repeating: "x", count: 2_000), String(repeating: "y", count: 70_000)]
        for (index, text) in texts.enumerated() {
            let payload = #"[-1, 1.5, null, true, "\u0000AAEC/w=="], {"text": "\#(text)", "in": [{"b": "\u0000"}]}"#
            try realm.send("bob", #"[16, \#(index + 2), {}, "com.t", \#(payload)]"#)
        }
        try realm.send("bob", #"[70, 1, {}, ["\u0000AQID"], {"large": "\#(texts[2])"}]"#)
        try realm.send("bob", #"[48, 6, {}, "com.ann", ["\u0000AQID", 18446744073709551615, {}], {"a": []}]"#)

        #expect(try realm.resume("ann", 1, ticket: "first", next: "second", format: new))
        let events = texts.map {
            #"[36, 1, "*", {}, [-1, 1.5, null, true, "\u0000AAEC/w=="], {"text": "\#($0)", "in": [{"b": "\u0000"}]}]"#
        }
        try realm.expect(
            "ann",
            #"""
            [2, 1, {"resumed": true, "resumable": true, "resume-ticket": "second"}]
            \#(events.joined(separator: "\n"))
            [50, 3, {}, ["\u0000AQID"], {"large": "\#(texts[2])"}]
            [68, 1, 2, {}, ["\u0000AQID", 18446744073709551615, {}], {"a": []}]
            """#)
        #expect(realm.engine.counters.eventsDropped == 0)

        try realm.send("ann", #"[70, 1, {}, ["done"]]"#)
        try realm.expect("bob", #"[50, 6, {}, ["done"]]"#)
        try realm.send("bob", #"[16, 7, {}, "com.t", ["after"]]"#)
        try realm.expect("ann", #"[36, 1, "*", {}, ["after"]]"#)
    }

    @Test func `many small messages, over several buffers and back again`() throws {
        var realm = try Self.realm(WireFormat(serializer: .json, framing: .webSocketText))
        let formats = WireFormat.ofTransports.reversed()
        let filler = String(repeating: "z", count: 950)
        for (turn, format) in formats.enumerated() {
            try realm.disconnect("ann")
            let first = turn * 300 + 2
            for request in first..<first + 300 {
                try realm.send("bob", #"[16, \#(request), {}, "com.t", [\#(request), "\#(filler)"]]"#)
            }
            #expect(
                try realm.resume("ann", 1, ticket: turn == 0 ? "first" : "\(turn)", next: "\(turn + 1)", format: format)
            )
            let received = try realm.takeAll("ann")
            #expect(received.count == 301)
            for (event, request) in zip(received.dropFirst(), first...) {
                #expect(
                    event.fits(
                        .list([36, 1, "*", .dictionary([:]), .list([.integer(Int64(request)), .string(filler)])])))
            }
        }
    }

    @Test(arguments: [
        WireFormat(serializer: .json, framing: .rawSocket), WireFormat(serializer: .messagePack, framing: .rawSocket),
        WireFormat(serializer: .json, framing: .webSocketText),
    ])
    func `an event that the new transport does not take is dropped and counted`(_ format: WireFormat) throws {
        var realm = try Self.realm()
        try realm.disconnect("ann")
        let large = String(repeating: "x", count: 600)
        try realm.send("bob", #"[16, 2, {}, "com.t", ["\#(large)"]]\#n[16, 3, {}, "com.t", ["small"]]"#)
        #expect(try realm.resume("ann", 1, ticket: "first", next: "second", format: format, frameBytesMax: 512))
        try realm.expect("ann", #"[2, 1, {"resumed": true}]\#n[36, 1, "*", {}, ["small"]]"#)
        #expect(realm.engine.counters.eventsDropped == 1)
        try realm.send("bob", #"[16, 4, {}, "com.t", ["\#(large)"]]\#n[16, 5, {}, "com.t"]"#)
        try realm.expect("ann", #"[36, 1, "*", {}]"#)
        #expect(realm.engine.counters.eventsDropped == 2)
    }

    @Test(arguments: [
        #"[70, 1, {}, ["\#(String(repeating: "x", count: 600))"]]"#,
        #"[8, 68, 1, {}, "com.error", ["\#(String(repeating: "x", count: 600))"]]"#,
    ])
    func `an answer that the new transport does not take becomes an error`(_ answer: String) throws {
        var realm = try Self.realm()
        try realm.disconnect("ann")
        try realm.send("bob", answer)
        #expect(
            try realm.resume(
                "ann", 1, ticket: "first", next: "second",
                format: WireFormat(serializer: .messagePack, framing: .rawSocket), frameBytesMax: 512))
        try realm.expect(
            "ann", #"[2, 1, {"resumed": true}]\#n[8, 48, 3, {}, "wamp.error.payload_size_exceeded", ["*"]]"#)
        try realm.send("ann", #"[48, 4, {}, "com.bob"]"#)
        try realm.expect("bob", "[68, 2, 1, {}]")
    }

    @Test func `what the router says itself goes without its long part`() throws {
        var realm = try Self.realm(
            features: """
                {"callee": {"features": {"registration_revocation": true}},
                 "subscriber": {"features": {"subscription_revocation": true}}}
                """)
        try realm.disconnect("ann")
        let reason = "com." + String(repeating: "x", count: 500)
        try realm.send(
            "bob",
            #"""
            [48, 2, {}, "wamp.registration.remove_callee", [2, 1], {"reason": "\#(reason)"}]
            [48, 3, {}, "wamp.subscription.remove_subscriber", [1, 1], {"reason": "\#(reason)"}]
            """#)
        #expect(
            try realm.resume(
                "ann", 1, ticket: "first", next: "second",
                format: WireFormat(serializer: .cbor, framing: .rawSocket), frameBytesMax: 512))
        try realm.expect(
            "ann",
            #"""
            [2, 1, {"resumed": true}]
            [67, 0, {"registration": 2}]
            [35, 0, {"subscription": 1}]
            """#)
    }

    @Test(arguments: [false, true])
    func `progress that the new transport does not take ends the call`(isAnswered: Bool) throws {
        var realm = try Self.realm(callOptions: #"{"receive_progress": true}"#)
        try realm.disconnect("ann")
        let large = String(repeating: "x", count: 600)
        try realm.send(
            "bob",
            #"""
            [70, 1, {"progress": true}, [1]]
            [70, 1, {"progress": true}, ["\#(large)"]]
            [70, 1, {"progress": true}, [3]]
            """#)
        if isAnswered { try realm.send("bob", "[70, 1, {}, [4]]") }
        try realm.send("bob", #"[16, 2, {}, "com.t"]"#)
        #expect(
            try realm.resume(
                "ann", 1, ticket: "first", next: "second",
                format: WireFormat(serializer: .cbor, framing: .webSocketBinary), frameBytesMax: 512))
        try realm.expect(
            "ann",
            #"""
            [2, 1, {"resumed": true}]
            [50, 3, {"progress": true}, [1]]
            [8, 48, 3, {}, "wamp.error.payload_size_exceeded", ["*"]]
            [36, 1, "*", {}]
            """#)
        try realm.expect("bob", isAnswered ? "" : #"[69, 1, {"mode": "killnowait"}]"#)
    }

    @Test(arguments: [Transcript.allFeatures, #"{"callee": {"features": {"call_canceling": true}}}"#])
    func `a call that the new transport does not take ends, and its callee has never heard of it`(
        features: String
    ) throws {
        var realm = try Self.realm(features: features)
        try realm.disconnect("ann")
        let large = String(repeating: "x", count: 600)
        try realm.send("bob", #"[48, 2, {}, "com.ann", ["\#(large)"]]\#n[48, 3, {}, "com.ann", ["small"]]"#)
        #expect(
            try realm.resume(
                "ann", 1, ticket: "first", next: "second",
                format: WireFormat(serializer: .cbor, framing: .rawSocket), frameBytesMax: 512))
        try realm.expect("ann", #"[2, 1, {"resumed": true}]\#n[68, 2, 2, {}, ["small"]]"#)
        try realm.expect("bob", #"[8, 48, 2, {}, "wamp.error.payload_size_exceeded", ["*"]]"#)
        try realm.send("ann", "[70, 2, {}, [1]]")
        try realm.expect("bob", "[50, 3, {}, [1]]")
    }

    @Test func `of a call in parts, none follows the one that the new transport does not take`() throws {
        var realm = try Self.realm()
        try realm.send("bob", #"[48, 2, {"progress": true}, "com.ann", [1]]"#)
        try realm.expect("ann", #"[68, 1, 2, {"progress": true}, [1]]"#)
        try realm.disconnect("ann")
        let large = String(repeating: "x", count: 600)
        try realm.send(
            "bob", #"[48, 2, {"progress": true}, "com.ann", ["\#(large)"]]\#n[48, 2, {}, "com.ann", ["last"]]"#)
        #expect(
            try realm.resume(
                "ann", 1, ticket: "first", next: "second",
                format: WireFormat(serializer: .messagePack, framing: .rawSocket), frameBytesMax: 512))
        try realm.expect("ann", #"[2, 1, {"resumed": true}]\#n[69, 1, {"mode": "killnowait"}]"#)
        try realm.expect("bob", #"[8, 48, 2, {}, "wamp.error.payload_size_exceeded", ["*"]]"#)
    }

    @Test(arguments: [false, true])
    func `a callee is told of the end of a call in parts if it has had one of them`(hasHadOne: Bool) throws {
        var realm = try Self.realm()
        try realm.disconnect("ann")
        let (small, large) = (#"[1]"#, #"["\#(String(repeating: "x", count: 600))"]"#)
        let parts = hasHadOne ? [small, large, small] : [large, small, small]
        for part in parts { try realm.send("bob", #"[48, 2, {"progress": true}, "com.ann", \#(part)]"#) }
        #expect(
            try realm.resume(
                "ann", 1, ticket: "first", next: "second",
                format: WireFormat(serializer: .cbor, framing: .rawSocket), frameBytesMax: 512))
        let told = #"\#n[68, 1, 2, {"progress": true}, [1]]\#n[69, 1, {"mode": "killnowait"}]"#
        try realm.expect("ann", #"[2, 1, {"resumed": true}]"# + (hasHadOne ? told : ""))
        try realm.expect("bob", #"[8, 48, 2, {}, "wamp.error.payload_size_exceeded", ["*"]]"#)
    }

    @Test func `what is waiting while the loss is not noticed is translated too`() throws {
        var realm = try Self.realm()
        realm.engine.writabilityChanged(try realm.handle("ann"), isWritable: false)
        try realm.send("bob", #"[16, 2, {}, "com.t", [1]]"#)
        let format = WireFormat(serializer: .json, framing: .recordSeparated)
        #expect(try realm.resume("ann", 1, ticket: "first", next: "second", format: format))
        try realm.expect("ann", #"[2, 1, {"resumed": true}]\#n[36, 1, "*", {}, [1]]"#)
    }

    @Test(arguments: WireFormat.ofTransports)
    func `a session whose waiting bytes cannot be read ends`(_ format: WireFormat) throws {
        var realm = try Self.realm(format)
        try realm.send("bob", #"[32, 2, {}, "wamp.session.on_leave"]"#)
        try realm.forget("bob")
        try realm.disconnect("ann")
        let slot = try realm.handle("ann").slot
        realm.engine.sessions[slot].outbox.append(sharing: ByteBuffer(bytes: [0x01, 0x02, 0x03]))
        let other = WireFormat(serializer: .cbor, framing: format.framing == .rawSocket ? .webSocketBinary : .rawSocket)
        #expect(try !realm.resume("eve", 1, ticket: "first", next: "second", format: other))
        try realm.expect("bob", #"[69, 1, {"mode": "killnowait"}]\#n[36, 2, "*", {}, [1, "ann", "anonymous"]]"#)
        #expect(realm.engine.counters.eventsDropped == 1)
    }

    @Test func `what frames hold that is no message is dropped and counted`() throws {
        var realm = try Self.realm()
        try realm.disconnect("ann")
        let slot = try realm.handle("ann").slot
        let frame = [0, 0, 0, 3] + Array("[[,".utf8)
        realm.engine.sessions[slot].outbox.append(sharing: ByteBuffer(bytes: frame))
        try realm.send("bob", #"[16, 2, {}, "com.t"]"#)
        let format = WireFormat(serializer: .cbor, framing: .rawSocket)
        #expect(try realm.resume("ann", 1, ticket: "first", next: "second", format: format))
        try realm.expect("ann", #"[2, 1, {"resumed": true}]\#n[36, 1, "*", {}]"#)
        #expect(realm.engine.counters.eventsDropped == 1)
    }
}
