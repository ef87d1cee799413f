// The fuzz targets. libFuzzer calls one function per process; the runner chooses what it does by a compilation flag.
// A finding is a trap: its input lands in .build/fuzz/findings and becomes a unit test.

import WAMP

@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    #if FUZZ_JSON
    demand(Agreement.difference(bytes, .json))
    #elseif FUZZ_MESSAGEPACK
    demand(Agreement.difference(bytes, .messagePack))
    #elseif FUZZ_CBOR
    demand(Agreement.difference(bytes, .cbor))
    #elseif FUZZ_TRANSCODING
    for serializer in Serializer.allCases { demand(Agreement.transcodingDifference(bytes, serializer)) }
    #elseif FUZZ_MESSAGE
    for serializer in Serializer.allCases { demand(MessageAgreement.difference(bytes, serializer)) }
    #endif
    return 0
}

/// Ends the process if there is something wrong.
private func demand(_ difference: String?) {
    if let difference { fatalError(difference) }
}
