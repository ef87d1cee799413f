#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Standard error, written with one system call for each text, so that lines of several threads never mix.
enum StandardError {
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let base = rest.baseAddress, !rest.isEmpty {
                #if canImport(Glibc)
                let count = Glibc.write(STDERR_FILENO, base, rest.count)
                #else
                let count = Darwin.write(STDERR_FILENO, base, rest.count)
                #endif
                if count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno != EINTR {
                    return  // nobody is left to be told
                }
            }
        }
    }
}
