/// A pattern of SQL's LIKE: `%` is any text, `_` one character, a backslash takes the next character as it is.
struct LikePattern: Sendable, Hashable {
    private enum Element: Sendable, Hashable {
        case character(Character)
        case anyCharacter
        case anyText
    }

    private let elements: [Element]
    private let ignoresCase: Bool

    init(_ pattern: String, ignoresCase: Bool) {
        self.ignoresCase = ignoresCase
        var elements: [Element] = []
        var isEscaped = false
        for character in ignoresCase ? pattern.lowercased() : pattern {
            switch character {
            case _ where isEscaped:
                elements.append(.character(character))
                isEscaped = false
            case "\\": isEscaped = true
            case "%": elements.append(.anyText)
            case "_": elements.append(.anyCharacter)
            default: elements.append(.character(character))
            }
        }
        if isEscaped { elements.append(.character("\\")) }
        self.elements = elements
    }

    /// - Complexity: O(text × pattern): a mismatch goes back to the last `%` only.
    func matches(_ text: String) -> Bool {
        let text = Array(ignoresCase ? text.lowercased() : text)
        var (position, element) = (0, 0)
        var lastAnyText: (element: Int, position: Int)?
        while position < text.count {
            if element < elements.count, elements[element] == .anyText {
                lastAnyText = (element, position)
                element += 1
            } else if element < elements.count, accepts(elements[element], text[position]) {
                element += 1
                position += 1
            } else if let last = lastAnyText {
                lastAnyText = (last.element, last.position + 1)
                (element, position) = (last.element + 1, last.position + 1)
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .anyText }
    }

    private func accepts(_ element: Element, _ character: Character) -> Bool {
        switch element {
        case .character(let expected): expected == character
        case .anyCharacter: true
        case .anyText: false
        }
    }
}
