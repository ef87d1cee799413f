// What projects, apps and devices may be called. Names end up in environment variables, in file names and on screens,
// serial numbers in authids and in the text that per-app secrets are derived from: neither may hold a separator.

import ModuleKit
import WAMP

enum CatalogNames {
    static let nameRule =
        "1 to 64 letters, digits, spaces, dots, hyphens and underscores, beginning with a letter or digit"
    static let serialRule = "1 to 64 letters, digits, dots, colons, hyphens and underscores"

    static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, isWord(first), text.utf8.count <= 64, text.last != " " else {
            return false
        }
        return text.unicodeScalars.allSatisfy { isWord($0) || [" ", ".", "-", "_"].contains($0) }
    }

    static func isSerial(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.isASCII && isWord($0) || [".", ":", "-", "_"].contains($0) }
    }

    /// A letter or digit of any script.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value)
    }

    /// A serial number that nobody has: ten letters and digits that cannot be mistaken for one another.
    static func serial(random: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZ23456789".utf8)
        return "GN-" + String(decoding: random.prefix(10).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
    }
}

extension ProcedureCall {
    /// A new project's, app's or device's name.
    func newName() throws(WAMPError) -> String {
        let name = try string(required: "name")
        guard CatalogNames.isName(name) else {
            throw .invalidArgument("name", "name: expected \(CatalogNames.nameRule).")
        }
        return name
    }

    /// A key that the caller chooses, SWARM_KEY or APP_KEY.
    func newKey() throws(WAMPError) -> Int64? { try integer("key", in: 1...CatalogLimits.keyMax) }

    /// A name or a key, as people and scripts write it.
    func reference(_ field: String) throws(WAMPError) -> Reference? {
        switch argumentsKw[field] {
        case nil, .null?: return nil
        case .string(let text)?: return Reference(text)
        case let value?:
            guard let key = value.integer, key > 0 else {
                throw .invalidArgument(field, "\(field): expected a name or a key.")
            }
            return Reference(name: "\(key)", key: key)
        }
    }
    func reference(required field: String) throws(WAMPError) -> Reference {
        guard let reference = try reference(field) else {
            throw .invalidArgument(field, "\(field) is missing: expected a name or a key.")
        }
        return reference
    }
}

enum CatalogLimits {
    /// The largest number that every JavaScript client holds exactly.
    static let keyMax: Int64 = (1 << 53) - 1
}

/// How somebody refers to a project, an app or a device. A name that is a number wins over the key.
struct Reference: Sendable, Hashable {
    var name: String
    var key: Int64?

    init(name: String, key: Int64?) {
        self.name = name
        self.key = key
    }

    init(_ text: String) { self.init(name: text, key: Int64(text)) }
}
