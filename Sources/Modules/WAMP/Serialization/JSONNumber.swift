/// A JSON number, checked against the grammar (RFC 8259 "Numbers"); its value is worked out on demand.
struct JSONNumber {
    private let isNegative: Bool
    private let integer: Range<Int>
    /// The digits after the point; empty without one.
    private let fraction: Range<Int>
    /// The digits of the exponent; empty without one.
    private let exponent: Range<Int>
    private let isExponentNegative: Bool
    /// The first byte after the number.
    let end: Int

    /// Reads from the sign or the first digit on. What follows the number is not its business, but a digit after a
    /// leading zero is.
    @inline(__always)
    static func read(_ bytes: Span<UInt8>, from start: Int) throws(WireError) -> JSONNumber {
        let isNegative = try bytes.byte(at: start) == JSON.minus
        let integer = try digits(bytes, from: isNegative ? start + 1 : start)
        if integer.count > 1, bytes[integer.lowerBound] == JSON.zero {
            throw WireError(.invalidNumber, at: integer.lowerBound)
        }
        var end = integer.upperBound
        var fraction = end..<end
        var exponent = end..<end
        var isExponentNegative = false
        if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
            fraction = try digits(bytes, from: end + 1)
            end = fraction.upperBound
        }
        if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
            var first = end + 1
            if first < bytes.count, bytes[first] == UInt8(ascii: "+") || bytes[first] == JSON.minus {
                isExponentNegative = bytes[first] == JSON.minus
                first += 1
            }
            exponent = try digits(bytes, from: first)
            end = exponent.upperBound
        }
        return JSONNumber(
            isNegative: isNegative, integer: integer, fraction: fraction, exponent: exponent,
            isExponentNegative: isExponentNegative, end: end)
    }

    /// A whole number of at most 18 digits, as ids are; nil where the number is of another kind, or is none.
    @inline(__always)
    static func shortInteger(_ bytes: Span<UInt8>, from start: Int) -> (value: Int64, end: Int)? {
        let limit = min(bytes.count, start + 18)
        var end = start
        var value: Int64 = 0
        while end < limit, JSON.isDigit(bytes[end]) {
            value = value &* 10 &+ Int64(bytes[end] &- JSON.zero)
            end &+= 1
        }
        // At the frame's end or the limit the general reader decides what it is.
        guard end > start, end < limit, bytes[start] != JSON.zero || end == start + 1 else { return nil }
        switch bytes[end] {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return nil
        default: return (value, end)
        }
    }

    /// One digit or more.
    @inline(__always)
    private static func digits(_ bytes: Span<UInt8>, from start: Int) throws(WireError) -> Range<Int> {
        var end = start
        while let byte = try? bytes.byte(at: end), JSON.isDigit(byte) { end &+= 1 }
        guard end > start else {
            throw start < bytes.count ? WireError(.invalidNumber, at: start) : WireError(.truncated, at: bytes.count)
        }
        return start..<end
    }

    /// The number: exact if it is written without point and exponent and fits 64 bits, else the nearest double.
    ///
    /// What lies beyond the doubles is an infinity, what is too small is zero.
    func token(_ bytes: Span<UInt8>) -> Token {
        guard fraction.isEmpty, exponent.isEmpty else { return .double(double(bytes)) }
        var magnitude: UInt64 = 0
        for position in integer {
            let (product, isOver) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, isOverToo) = product.addingReportingOverflow(UInt64(bytes[position] &- JSON.zero))
            if isOver || isOverToo { return .double(double(bytes)) }
            magnitude = sum
        }
        if !isNegative { return magnitude <= Int64.max.magnitude ? .integer(Int64(magnitude)) : .unsigned(magnitude) }
        guard magnitude <= Int64.min.magnitude else { return .double(double(bytes)) }
        return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
    }

    /// The nearest double.
    private func double(_ bytes: Span<UInt8>) -> Double {
        var mantissa: UInt64 = 0
        let digitCount = integer.count + fraction.count
        let power = decimalExponent(bytes) - fraction.count
        if digitCount <= 19, -22...22 ~= power {
            for position in integer { mantissa = mantissa * 10 + UInt64(bytes[position] &- JSON.zero) }
            for position in fraction { mantissa = mantissa * 10 + UInt64(bytes[position] &- JSON.zero) }
            if mantissa <= 1 << 53 {
                // Both operands are exact, so the one rounding is the right one (Clinger's fast path).
                var scale = 1.0
                for _ in 0..<abs(power) { scale *= 10 }
                let magnitude = power < 0 ? Double(mantissa) / scale : Double(mantissa) * scale
                return isNegative ? -magnitude : magnitude
            }
        }
        return correctlyRounded(bytes)
    }

    /// The exponent as written, held within what makes any number of digits zero or infinite.
    private func decimalExponent(_ bytes: Span<UInt8>) -> Int {
        let bound = 1 << 40
        var value = 0
        for position in exponent where value < bound { value = value * 10 + Int(bytes[position] &- JSON.zero) }
        return isExponentNegative ? -value : value
    }

    /// Leaves the conversion to the standard library, which rounds correctly, with no more digits than can matter.
    ///
    /// Halfway between two doubles there are at most 767 significant digits; of what follows it only counts whether
    /// it is all zeros. So the work is bounded however long a number a peer sends.
    private func correctlyRounded(_ bytes: Span<UInt8>) -> Double {
        let digitMax = 800
        var text: [UInt8] = isNegative ? [JSON.minus] : []
        var significantCount = 0
        var droppedCount = 0
        var isInexact = false
        for digits in [integer, fraction] {
            for position in digits where significantCount > 0 || bytes[position] != JSON.zero {
                if significantCount < digitMax {
                    text.append(bytes[position])
                    significantCount += 1
                } else {
                    droppedCount += 1
                    if bytes[position] != JSON.zero { isInexact = true }
                }
            }
        }
        if significantCount == 0 { return isNegative ? -0.0 : 0 }
        var power = decimalExponent(bytes) - fraction.count + droppedCount
        if isInexact {
            text.append(JSON.zero + 1)
            power -= 1
        }
        if power + significantCount > 400 { return isNegative ? -.infinity : .infinity }
        if power + significantCount < -400 { return isNegative ? -0.0 : 0 }
        text.append(UInt8(ascii: "e"))
        text.append(contentsOf: String(power).utf8)
        return Double(String(decoding: text, as: UTF8.self)) ?? .nan
    }
}
