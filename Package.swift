// swift-tools-version: 6.2
import PackageDescription

// The house, floor by floor (see ARCHITECTURE.md). A target may depend on floors below its own and never on a
// neighbour of floor 3; what is not listed here cannot be imported, so the compiler keeps the house in order.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func floor(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Modules/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name)] + dependencies,
        path: "Tests/\(name)Tests",
        swiftSettings: strict
    )
}

extension Target.Dependency {
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let logging = product(name: "Logging", package: "swift-log")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "_CryptoExtras", package: "swift-crypto")
    static let asn1 = product(name: "SwiftASN1", package: "swift-asn1")
    static let certificates = product(name: "X509", package: "swift-certificates")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let sqlite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let yams = product(name: "Yams", package: "Yams")
    static let arguments = product(name: "ArgumentParser", package: "swift-argument-parser")
}

let package = Package(
    name: "gantry",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "gantry", targets: ["Appliance"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Floor 0: the protocol, pure
        floor("WAMP", []),
        tests("WAMP"),

        // Floor 1: sockets, one port, the shape of a module, SQLite the house way
        .systemLibrary(name: "CZlib", path: "Sources/Modules/CZlib", providers: [.apt(["zlib1g-dev"])]),
        floor("WAMPTransport", ["WAMP", "ModuleKit", "CZlib", .nioCore, .nioHTTP1, .crypto]),
        floor("ModuleKit", ["WAMP", .logging, .lifecycle, .yams]),
        floor(
            "Listener",
            [
                "WAMP", "WAMPTransport", "ModuleKit", .nioCore, .nioPosix, .nioHTTP1, .nioTLS, .nioSSL, .certificates,
                .asn1, .crypto, .logging, .lifecycle,
            ]),
        // Methods to authenticate, pure; Argon2 is linked as an archive, so that the bundle needs no package
        .systemLibrary(
            name: "CArgon2", path: "Sources/Modules/CArgon2", providers: [.apt(["libargon2-dev"]), .brew(["argon2"])]),
        .target(
            name: "Authentication",
            dependencies: ["WAMP", "ModuleKit", "CArgon2", .crypto, .cryptoExtras, .logging],
            path: "Sources/Modules/Authentication", swiftSettings: strict,
            linkerSettings: [
                .linkedLibrary(":libargon2.a", .when(platforms: [.linux])),
                .linkedLibrary("argon2", .when(platforms: [.macOS])),
            ]),
        tests("Authentication", ["WAMP", "ModuleKit", .crypto, .cryptoExtras, .logging]),
        floor("Store", [.grdb, .sqlite, .logging]),
        tests(
            "Router",
            [
                "Authentication", "WAMP", "WAMPTransport", "ModuleKit", .nioCore, .nioEmbedded, .grdb, .crypto,
                .logging,
            ]),
        tests("Store", [.grdb, .logging]),
        tests("ModuleKit"),
        tests("Appliance", ["ModuleKit", "Listener", "Router", "WAMP", "LoadGenerator", .logging]),
        tests("WAMPTransport", ["WAMP", .nioCore, .nioHTTP1]),
        tests(
            "Listener",
            [
                "WAMP", "WAMPTransport", "ModuleKit", .nioCore, .nioPosix, .nioEmbedded, .nioHTTP1, .nioSSL,
                .certificates,
                .asn1, .logging, .lifecycle,
            ]),
        .executableTarget(
            name: "WebSocketEcho",
            dependencies: ["Listener", "WAMPTransport", "ModuleKit", .nioCore, .nioPosix, .logging],
            path: "Tests/Autobahn",
            exclude: ["run"],
            swiftSettings: strict
        ),

        .target(name: "AllocationCounter", path: "Tests/Benchmarks/AllocationCounter"),
        .executableTarget(
            name: "MessageCost",
            dependencies: [
                "Router", "WAMPTransport", "WAMP", "ModuleKit", "AllocationCounter", .nioCore, .nioEmbedded, .logging,
            ],
            path: "Tests/Benchmarks/MessageCost",
            swiftSettings: strict
        ),

        // Floor 2: a client, on a socket or in this process
        floor(
            "WAMPClient",
            ["WAMP", "WAMPTransport", "ModuleKit", .nioCore, .nioPosix, .nioHTTP1, .nioSSL, .crypto, .logging]),

        tests("WAMPClient", ["WAMP", "ModuleKit", .nioCore]),

        floor(
            "LoadGenerator",
            ["WAMP", "WAMPTransport", "WAMPClient", .nioCore, .nioPosix, .nioHTTP1, .nioSSL]),
        .executableTarget(
            name: "PeerLoad",
            dependencies: ["LoadGenerator", "WAMP", "WAMPClient", .arguments, .nioCore, .nioPosix],
            path: "Tests/Benchmarks/PeerLoad",
            swiftSettings: strict
        ),
        tests("LoadGenerator", ["WAMP", "WAMPTransport", "WAMPClient", .nioCore, .nioHTTP1]),

        // Floor 3: one folder, one target, one feature flag; none imports another
        floor(
            "Router",
            [
                "Authentication", "WAMP", "WAMPTransport", "WAMPClient", "ModuleKit", "Store", .grdb, .nioCore, .crypto,
                .logging, .lifecycle,
            ]),
        floor(
            "Credentials",
            [
                "Authentication", "WAMP", "ModuleKit", "Store", .grdb, .crypto, .cryptoExtras, .logging, .lifecycle,
            ]),
        floor("Provisioner", ["WAMP", "ModuleKit", "Store", .grdb, .logging, .lifecycle]),
        tests("Credentials", ["Authentication", "WAMP", "ModuleKit", "Store", .grdb, .crypto, .logging]),
        tests(
            "Provisioner",
            [
                "Authentication", "WAMP", "ModuleKit", "Store", "Credentials", "Router", .grdb, .crypto, .logging,
                .lifecycle, .nioPosix,
            ]),
        floor("FleetDB", ["WAMP", "ModuleKit", .sqlite, .logging, .lifecycle]),
        floor("Alarms", ["WAMP", "ModuleKit", "Store", .grdb, .yams, .logging, .lifecycle]),
        tests("FleetDB", ["WAMP", "ModuleKit", .logging]),
        tests("Alarms", ["WAMP", "ModuleKit", "Store", .grdb, .logging]),
        .target(name: "WebAssets", path: "Sources/Modules/WebUI/Embedding"),
        .target(
            name: "WebUI", dependencies: ["ModuleKit", "WebAssets"], path: "Sources/Modules/WebUI",
            exclude: ["Assets", "Embedding"], swiftSettings: strict),
        tests("WebUI", ["ModuleKit"]),

        // Floor 4: the executable
        .executableTarget(
            name: "Appliance",
            dependencies: [
                "Authentication", "WAMP", "WAMPTransport", "WAMPClient", "LoadGenerator", "ModuleKit", "Listener",
                "Store",
                "Router", "Credentials", "Provisioner", "FleetDB", "Alarms", "WebUI",
                .arguments, .logging, .lifecycle, .unixSignals, .nioCore, .nioPosix, .nioSSL,
            ],
            path: "Sources/Appliance",
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)

// `Tests/Fuzz/run` asks for one more executable, and for what it fuzzes to be built with libFuzzer's coverage, with
// AddressSanitizer and with assertions.
if Context.environment["GANTRY_FUZZ"] != nil {
    let fuzzed = ["WAMP", "WAMPTransport", "Listener", "Router", "Authentication", "FleetDB"]
    let coverage = SwiftSetting.unsafeFlags(
        ["-sanitize=fuzzer,address", "-enable-testing", "-assert-config", "Debug"])
    for target in package.targets where fuzzed.contains(target.name) { target.swiftSettings?.append(coverage) }
    package.targets += [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: ["CLibFuzzer", "ModuleKit", .nioCore, .nioHTTP1, .crypto, .logging]
                + fuzzed.map { .byName(name: $0) },
            path: "Tests/Fuzz",
            exclude: ["run", "corpus", "CLibFuzzer"],
            swiftSettings: strict + [coverage],
            linkerSettings: [.unsafeFlags(["-sanitize=address"]), .linkedLibrary("stdc++")]
        ),
    ]
}
