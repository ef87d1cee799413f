// Runs one fuzz target: `Fuzz TARGET [libFuzzer's arguments]`, or says which there are. A finding is a trap: its input
// lands in .build/fuzz/findings and becomes a unit test.

import CLibFuzzer

@main enum Fuzz {
    /// Set once, before libFuzzer takes over, which calls back on the same thread.
    nonisolated(unsafe) private static var target = FuzzTarget.json

    static func main() {
        guard let chosen = CommandLine.arguments.dropFirst().first.flatMap(FuzzTarget.init(rawValue:)) else {
            return print(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))
        }
        target = chosen
        // libFuzzer's own arguments begin behind the target's name, which stands where the program's would.
        var count = CommandLine.argc - 1
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
        _ = LLVMFuzzerRunDriver(&count, &arguments) { start, count in
            if let difference = Fuzz.target.difference(Array(UnsafeBufferPointer(start: start, count: count))) {
                fatalError(difference)
            }
            return 0
        }
    }
}
