/// Deadlines in order, a binary heap. Entries are never taken out one by one: whoever a deadline was for checks, when
/// it comes, that it still stands; and once most of them do not, `removeAll` takes them out together.
struct DeadlineQueue<Element: Sendable>: Sendable {
    private var heap: [(deadline: UInt64, element: Element)] = []

    var count: Int { heap.count }

    /// The next deadline, in the caller's milliseconds.
    var next: UInt64? { heap.first?.deadline }

    mutating func insert(_ element: Element, at deadline: UInt64) {
        heap.append((deadline, element))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].deadline < heap[parent].deadline else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the first element whose deadline has come.
    mutating func popDue(now: UInt64) -> Element? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else {
            heap = []
            return first.element
        }
        heap[0] = last
        sink(from: 0)
        return first.element
    }

    /// Takes out what nobody waits for, and gives its memory back.
    mutating func removeAll(where isOver: (Element) -> Bool) {
        heap = heap.filter { !isOver($0.element) }
        for parent in (0..<heap.count / 2).reversed() { sink(from: parent) }
    }

    private mutating func sink(from position: Int) {
        var parent = position
        while true {
            var smallest = parent
            for child in [parent * 2 + 1, parent * 2 + 2] where child < heap.count {
                if heap[child].deadline < heap[smallest].deadline { smallest = child }
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
