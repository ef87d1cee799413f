import Testing
import WAMP

@Suite struct WellFormedUTF8Tests {
    @Test func `sequences are UTF-8 exactly if the standard library says so`() {
        // Every lead byte, with continuation bytes on both sides of every border of table 3-7.
        let borders: [UInt8] = [0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0]
        for lead in UInt8(0x7F)...0xFF {
            for second in borders {
                for third in [UInt8(0x7F), 0x80, 0xBF, 0xC0] {
                    for fourth in [UInt8(0x7F), 0x80, 0xBF, 0xC0] {
                        check([lead, second, third, fourth])
                    }
                }
            }
        }
    }

    @Test(arguments: ["ä", "日", "😀", "a"])
    func `a character in every place of strings of every length`(_ character: String) {
        for before in 0..<40 {
            for after in 0..<12 {
                let text = String(repeating: "x", count: before) + character + String(repeating: "y", count: after)
                check(Array(text.utf8))
                check(Array(text.utf8.dropLast(after + 1)))
                var bytes = Array(text.utf8)
                bytes[before] |= 0x80
                check(bytes)
            }
        }
    }

    /// Asks every reader, with the end of the frame right behind the string and with more to come.
    private func check(_ bytes: [UInt8]) {
        let isText = String(validating: bytes, as: UTF8.self) != nil
        let length = UInt8(bytes.count)
        for rest in [[UInt8](), Array(repeating: 0, count: 8)] {
            let pack = (rest.isEmpty ? [] : [0x99]) + [0xD9, length] + bytes + rest
            let cbor = (rest.isEmpty ? [] : [0x89]) + [0x78, length] + bytes + rest
            check(pack, .messagePack, isText)
            check(cbor, .cbor, isText)
        }
        guard bytes.allSatisfy({ $0 >= 0x20 }) else { return }
        for rest in [[UInt8](), Array(repeating: 0x20, count: 8)] {
            check([0x22] + bytes + [0x22] + rest, .json, isText)
        }
    }

    private func check(_ frame: [UInt8], _ serializer: Serializer, _ isText: Bool) {
        var cursor = Cursor(serializer)
        let isAccepted = (try? cursor.skip(frame.span)) != nil
        // An expectation for each of so many would take longer than what it expects.
        if isAccepted != isText {
            Issue.record("\(serializer.name) \(frame.hex): accepted \(isAccepted), text \(isText)")
        }
    }
}
