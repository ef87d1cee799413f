import LoadGenerator
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One line on standard error that is written over again and again; nothing at all where that is no terminal.
final class ProgressLine: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    /// Once cleared, a progress that is late is not shown any more.
    private let isOver = Mutex(false)

    func show(_ progress: LoadProgress) {
        guard isTerminal else { return }
        isOver.withLock { if !$0 { StandardError.write("\r\u{1B}[K\(Self.text(progress))") } }
    }

    func clear() {
        guard isTerminal else { return }
        isOver.withLock { isOver in
            if !isOver { StandardError.write("\r\u{1B}[K") }
            isOver = true
        }
    }

    static func text(_ progress: LoadProgress) -> String {
        switch progress {
        case .connecting(let count, let total): return "connecting: \(count) of \(total)"
        case .warmingUp: return "warming up"
        case .measuring(let window, let total, let perSecond, let p50):
            let microseconds = Int64(p50 / .microseconds(1))
            return "window \(window) of \(total): \(Int64(perSecond)) a second, p50 \(microseconds) µs"
        }
    }
}
