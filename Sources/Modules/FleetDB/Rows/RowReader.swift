// Reads rows out of a payload's bytes, without building values: a row becomes cells, and a cell's text stays where it
// is. This runs once for every row that anybody writes.

import WAMP

/// Reads the rows of one table out of payloads, one payload after the other.
///
///     try reader.begin(payload, .bulk, author)
///     while try reader.next(payload) { … reader.cells, reader.deviceKey … }
///
/// There is one of it: a copy for every row that it is shown to would cost as much as reading the row.
struct RowReader: ~Copyable, Sendable {
    let plan: RowPlan
    /// The row's columns, in the template's order.
    private(set) var cells: [Cell]
    /// -1 when the payload names no device.
    private(set) var deviceKey: Int64 = -1
    /// Who wrote the rows; the text lies in `scratch`.
    private(set) var authid = Cell.null
    /// What had to be written anew: texts with escapes, numbers as texts, json that came in another serializer. Stays
    /// until `forgetTexts`.
    private(set) var scratch: [UInt8] = []

    /// What `scratch` holds for the whole payload; the rest belongs to rows.
    private var scratchKept = 0
    private var author = RowAuthor(role: "caller")
    private var form = Form.single
    private var cursor = Cursor(.messagePack)
    /// The rows of a bulk that are still to come.
    private var rows = Container()
    private var hasRow = false
    private var isDone = false
    /// The values of `plan.keys` in the row that was just read.
    private var slots: [Slot]
    /// The key that stood at each position of the row before: rows of one writer look alike.
    private var guesses: [Int] = []
    /// `plan.keys` as each serializer writes them.
    private let encodedKeys: [RowKeys]
    /// The values of `plan.keywords`.
    private var keywords: [Slot]
    /// The device that the keyword arguments name, for every row of the payload; nil leaves it to the rows.
    private var keywordDevice: Int64?
    /// Where `args[1]`, `args[2]`, … lie, when the table wants them.
    private var argumentRanges: [ByteRange] = []

    enum Form: Sendable { case single, bulk }

    init(_ plan: RowPlan) {
        self.plan = plan
        let names = plan.keys.map { String(decoding: $0, as: UTF8.self) }
        encodedKeys = Serializer.allCases.map { RowKeys(names, $0) }
        cells = Array(repeating: .absent, count: plan.targets.count)
        slots = Array(repeating: Slot(), count: plan.keys.count)
        keywords = Array(repeating: Slot(), count: plan.keywords.count)
    }

    /// The row's point in time. Valid after `next`.
    var tsp: Int64 { if case .integer(let tsp) = cells[plan.tsp] { tsp } else { 0 } }

    /// The row's other half. Valid after `next`.
    func head(sequence: Int64) -> RowHead {
        RowHead(sequence: sequence, deviceKey: deviceKey, tsp: tsp, authid: authid)
    }

    /// Gives an absent column the value that the entity's row before has; a text was kept with `keep`.
    mutating func inherit(_ cell: Cell, column index: Int) { cells[index] = cell }

    /// Forgets what was written anew for the rows so far: nobody needs their texts any more.
    mutating func forgetTexts() { scratch.removeLast(scratch.count - scratchKept) }

    /// Keeps a text in `scratch`.
    mutating func keep(_ text: some Sequence<UInt8>) -> Cell {
        let start = scratch.count
        scratch.append(contentsOf: text)
        return .text(TextPlace(source: .scratch, range: ByteRange(start, scratch.count)))
    }

    // MARK: A payload

    /// Finds the rows of a payload: `args[0]`, or with `.bulk` the elements of `args[0]`.
    mutating func begin(_ payload: Payload, _ form: Form, _ author: RowAuthor) throws(Refusal) {
        self.form = form
        self.author = author
        isDone = false
        hasRow = false
        scratch.removeAll(keepingCapacity: true)
        authid = author.authid.map { keep($0.utf8) } ?? .null
        scratchKept = scratch.count
        do throws(WireError) {
            try readKeywords(payload)
            try readArguments(payload)
        } catch {
            throw Refusal.malformed(error)
        }
        if form == .bulk, !hasRow { throw Refusal(.runtimeError, "expected a list of one or more rows") }
    }

    /// Reads the next row into `cells`; false when there is none.
    mutating func next(_ payload: Payload) throws(Refusal) -> Bool {
        do throws(WireError) {
            guard try nextRow(payload) else { return false }
            try fillCells(payload)
        } catch {
            throw Refusal.malformed(error)
        }
        guard case .integer(let tsp) = cells[plan.tsp] else {
            if case .absent = cells[plan.tsp] { throw Refusal(.runtimeError, "missing tsp") }
            throw Refusal(.runtimeError, "tsp is no timestamp: expected milliseconds since 1970 or an ISO 8601 text")
        }
        guard Timestamp.range.contains(tsp) else {
            throw Refusal(.runtimeError, "tsp lies outside the years 1 to 9999; it counts milliseconds since 1970")
        }
        return true
    }

    private mutating func readArguments(_ payload: Payload) throws(WireError) {
        let bytes = payload.arguments.span
        cursor = Cursor(payload.serializer)
        argumentRanges.removeAll(keepingCapacity: true)
        guard bytes.count > 0, case .list(var list) = try cursor.next(bytes) else { return }
        if plan.usesArguments, form == .single {
            var scan = cursor
            var rest = list
            while try scan.more(&rest, bytes) { argumentRanges.append(try scan.skip(bytes)) }
        }
        guard try cursor.more(&list, bytes) else { return }
        guard form == .bulk else {
            hasRow = true
            return
        }
        guard case .list(let rows) = try cursor.next(bytes) else { return }
        self.rows = rows
        var peek = cursor
        var first = rows
        hasRow = try peek.more(&first, bytes)
    }

    private mutating func readKeywords(_ payload: Payload) throws(WireError) {
        for index in keywords.indices { keywords[index] = Slot() }
        keywordDevice = nil
        guard !payload.argumentsKw.isEmpty else { return }
        let bytes = payload.argumentsKw.span
        var cursor = Cursor(payload.serializer)
        guard case .dictionary(var entries) = try cursor.next(bytes) else { return }
        while try cursor.more(&entries, bytes) {
            let key = try cursor.key(bytes)
            let slot = try Slot(&cursor, bytes, .argumentsKw)
            let index =
                key.isEscaped
                ? plan.keywords.firstIndex(of: cursor.unescaped(key, bytes))
                : plan.keywords.firstIndex { Self.equals($0, bytes, key.range) }
            if let index { keywords[index] = slot }
        }
        guard keywords[0].token != nil, !keywords[0].isNull else { return }
        keywordDevice = number(of: keywords[0], payload) ?? -1
    }

    // MARK: A row

    private mutating func nextRow(_ payload: Payload) throws(WireError) -> Bool {
        guard !isDone else { return false }
        let bytes = payload.arguments.span
        for index in slots.indices { slots[index] = Slot() }
        if form == .single {
            isDone = true
            guard hasRow else { return true }
        } else if try !cursor.more(&rows, bytes) {
            isDone = true
            return false
        }
        let start = cursor
        guard case .dictionary(var entries) = try cursor.next(bytes) else {
            cursor = start
            _ = try cursor.skip(bytes)
            return true
        }
        let keys = encodedKeys[payload.serializer.position]
        var position = 0
        while try cursor.more(&entries, bytes) {
            if let index = try slotIndex(at: position, keys, bytes) {
                slots[index] = try Slot(&cursor, bytes, .arguments)
            } else {
                _ = try cursor.skip(bytes)
            }
            position += 1
        }
        return true
    }

    /// Reads a row's next key, and tells which of `plan.keys` it is.
    @inline(__always)
    private mutating func slotIndex(
        at position: Int, _ keys: RowKeys, _ bytes: Span<UInt8>
    ) throws(WireError) -> Int? {
        if position < guesses.count, case let guess = guesses[position], guess >= 0,
            keys.isNext(guess, &cursor, bytes)
        {
            return guess
        }
        let key = try cursor.key(bytes)
        guard !key.isEscaped else { return plan.keys.firstIndex(of: cursor.unescaped(key, bytes)) }
        let found = plan.keys.firstIndex { Self.equals($0, bytes, key.range) }
        guard position < plan.keys.count * 2 else { return found }
        while guesses.count <= position { guesses.append(-1) }
        guesses[position] = found ?? -1
        return found
    }

    @inline(__always)
    private static func equals(_ key: [UInt8], _ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard key.count == range.count else { return false }
        let lower = Int(range.lowerBound)
        for index in 0..<key.count where key[index] != bytes[lower + index] { return false }
        return true
    }

    // MARK: Cells

    private mutating func fillCells(_ payload: Payload) throws(WireError) {
        for index in cells.indices {
            let key = plan.simpleKeys[index]
            cells[index] =
                key >= 0 ? try coerce(slots[key], plan.dataTypes[index], payload) : try cell(elsewhere: index, payload)
        }
        deviceKey = keywordDevice ?? number(of: slots[plan.deviceKey], payload) ?? -1
    }

    /// The value of a column that is not simply a key of the row.
    private mutating func cell(elsewhere index: Int, _ payload: Payload) throws(WireError) -> Cell {
        let target = plan.targets[index]
        let slot: Slot
        switch target.place {
        case .row(let key, let steps):
            slot = try slots[key].inside(steps[...], payload)
        case .argument(let position, let steps):
            guard position < argumentRanges.count else { return .absent }
            var cursor = Cursor(payload.serializer, at: Int(argumentRanges[position].lowerBound))
            slot = try Slot(&cursor, payload.arguments.span, .arguments).inside(steps[...], payload)
        case .keyword(let keyword, let steps):
            slot = try keywords[keyword].inside(steps[...], payload)
        case .details(let steps):
            guard steps.count == 1, let text = author.detail(steps[0]) else { return .absent }
            return coerce(text: text, target.dataType)
        }
        return try coerce(slot, target.dataType, payload)
    }
}

extension Refusal {
    static func malformed(_ error: WireError) -> Refusal {
        Refusal(.invalidArgument, "the payload is not well-formed (\(error.kind) at offset \(error.offset))")
    }
}
