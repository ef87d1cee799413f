import Testing
import WAMP

@testable import Router

/// Spec: WAMP-04 "Pattern-based Registrations"; the examples are the specification's.
@Suite struct PatternRegistrationTests {
    var realm = Transcript()

    /// A callee `dee` of these registrations, with the ids 1, 2, 3, …, and a caller `ann`.
    private mutating func arrange(_ registrations: [(match: String, procedure: String)]) throws {
        try realm.join("dee")
        try realm.join("ann")
        for (number, registration) in zip(1..., registrations) {
            try realm.send(
                "dee", #"[64, \#(number), {"match": "\#(registration.match)"}, "\#(registration.procedure)"]"#)
            try realm.expect("dee", "[65, \(number), \(number)]")
        }
    }

    /// - Parameter winner: the id of the registration that is called; nil is none.
    private mutating func call(_ procedure: String, expecting winner: Int?, isExact: Bool = false) throws {
        try realm.send("ann", #"[48, 1, {}, "\#(procedure)", [7]]"#)
        guard let winner else {
            try realm.expect("dee")
            return try realm.expect("ann", #"[8, 48, 1, {}, "wamp.error.no_such_procedure", "*"]"#)
        }
        // "Concrete procedure called": the callee of a pattern is told.
        let details = isExact ? "{}" : #"{"procedure": "\#(procedure)"}"#
        try realm.expect("dee", #"[68, "*", \#(winner), \#(details), [7]]"#)
    }

    @Test(arguments: [
        ("com.myapp.myobject1.myprocedure1", true), ("com.myapp.myobject1-mysubobject1", true),
        ("com.myapp.myobject1.mysubobject1.myprocedure1", true), ("com.myapp.myobject1", true),
        ("com.myapp.myobject2", false), ("com.myapp.myobject", false),
    ])
    mutating func `a prefix is the beginning of a string`(_ procedure: String, _ matches: Bool) throws {
        try arrange([("prefix", "com.myapp.myobject1")])
        try call(procedure, expecting: matches ? 1 : nil)
    }

    @Test(arguments: [
        ("com.myapp.myobject1.myprocedure1", true), ("com.myapp.myobject2.myprocedure1", true),
        ("com.myapp.myobject1.myprocedure1.mysubprocedure1", false), ("com.myapp.myobject1.myprocedure2", false),
        ("com.myapp2.myobject1.myprocedure1", false),
    ])
    mutating func `a wildcard stands for one whole component`(_ procedure: String, _ matches: Bool) throws {
        try arrange([("wildcard", "com.myapp..myprocedure1")])
        try call(procedure, expecting: matches ? 1 : nil)
    }

    /// "Calls matching multiple registrations", with its seven calls.
    @Test(arguments: [
        ("a1.b2.c3.d4.e55", 1), ("a1.b2.c3.d98.e74", 2), ("a1.b2.c3.d4.e325", 3), ("a1.b2.c55.d4.e5", 4),
        ("a1.b2.c33.d4.e5", 5), ("a1.b2.c88.d4.e5.f6.g7", 6), ("a2.b2.c2.d2.e2", nil),
        // A prefix is a plain string: it need not end with a component.
        ("a1.b2.c3-x", 2),
    ])
    mutating func `exact wins over the longest prefix, and that over the wildcard with the longest portions`(
        _ procedure: String, _ winner: Int?
    ) throws {
        try arrange([
            ("exact", "a1.b2.c3.d4.e55"), ("prefix", "a1.b2.c3"), ("prefix", "a1.b2.c3.d4"),
            ("wildcard", "a1.b2..d4.e5"), ("wildcard", "a1.b2.c33..e5"), ("wildcard", "a1.b2..d4.e5..g7"),
            ("wildcard", "a1.b2..d4..f6.g7"),
        ])
        try call(procedure, expecting: winner, isExact: winner == 1)
    }

    /// The examples in the text of the algorithm.
    @Test mutating func `more components of a prefix, and a longer portion before the first wildcard, win`() throws {
        try arrange([("wildcard", "a1...d4"), ("wildcard", "a1.b2..d4")])
        try call("a1.b2.c3.d4", expecting: 2)
        realm = Transcript()
        try arrange([("prefix", "a1.b2"), ("prefix", "a1.b2.c3"), ("wildcard", "a1.b2.c3.")])
        try call("a1.b2.c3.d4", expecting: 2)
    }

    @Test mutating func `one URI may be registered once for each match policy`() throws {
        try arrange([("exact", "com.p"), ("prefix", "com.p"), ("wildcard", "com.p")])
        try call("com.p", expecting: 1, isExact: true)
        try realm.send("dee", "[66, 4, 1]")
        try realm.expect("dee", "[67, 4]")
        try realm.send("dee", "[70, 1, {}]")
        try realm.expect("ann", "[50, 1, {}]")
        try call("com.p", expecting: 2)
    }
}
