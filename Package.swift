// swift-tools-version: 6.2
import PackageDescription

/// The language settings of every target: Swift 6 mode, explicit existentials and imports, warnings are errors.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
  name: "sluice",
  products: [
    .executable(name: "sluice", targets: ["sluice"]),
    .library(name: "Wire", targets: ["Wire"]),
    .library(name: "Industrial", targets: ["Industrial"]),
    .library(name: "Balancing", targets: ["Balancing"]),
    .library(name: "PKI", targets: ["PKI"]),
    .library(name: "SecLang", targets: ["SecLang"]),
    .library(name: "Cedar", targets: ["Cedar"]),
    .library(name: "SluiceConfig", targets: ["SluiceConfig"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  ],
  targets: [
    .target(name: "CLinux"),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CHyperscan", pkgConfig: "libhs", providers: [.apt(["libhyperscan-dev"])]),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlidec", providers: [.apt(["libbrotli-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

    // Engines: pure, no I/O, nothing of ours.
    room("SluiceModel"),
    room("Wire", [crypto]),
    room("Industrial"),
    room("Balancing"),
    room("PKI", ["SluiceModel", crypto, cryptoExtras]),
    room("Cedar"),
    room("SecLang", ["CPCRE2", "CHyperscan", "CLibXML2", "CZlib", "CBrotli", "CZstd"]),

    // Around the engines.
    room("SluiceConfig", ["SluiceModel", "PKI", yams, crypto]),
    room("Telemetry", ["SluiceModel"]),
    room(
      "Proxy",
      ["SluiceModel", "Wire", "Industrial", "Balancing", "PKI", "CLinux", nioCore, nioPosix, nioTLS, nioSSL]),
    room("ACME", ["SluiceModel", crypto, x509, asn1, httpClient, nioCore, nioPosix, nioHTTP1, nioSSL, logging]),
    room("Firewall", ["SluiceModel", "SecLang", crypto]),
    room("Access", ["SluiceModel", "Industrial", "Cedar", crypto]),
    room(
      "Filters",
      [
        "SluiceModel", "Wire", "Industrial", "SecLang", "Cedar", "Firewall", "Access", "Proxy", crypto, nioCore,
      ]),
    room(
      "Control",
      [
        "SluiceModel", "SluiceConfig", "Telemetry", hummingbird, hummingbirdCore, httpTypes, nioCore, nioPosix,
        nioHTTP1,
        logging, serviceLifecycle,
      ]),
    .executableTarget(
      name: "sluice",
      dependencies: [
        "SluiceModel", "SluiceConfig", "Wire", "Industrial", "Balancing", "Telemetry", "Proxy", "Filters", "Control",
        "PKI", "ACME", "SecLang", "Firewall", "Cedar", "Access", "CLinux", crypto, yams, argumentParser,
        logging, serviceLifecycle,
        unixSignals, nioCore, nioPosix, nioHTTP1, nioWebSocket, hummingbird,
      ],
      swiftSettings: strict),

    tests("WireTests", ["Wire"]),
    tests("PKITests", ["PKI", "SluiceModel", crypto]),
    tests(
      "ACMETests", ["ACME", "SluiceModel", crypto, x509, asn1, nioCore, nioPosix, nioHTTP1, nioTLS, nioSSL, logging],
      exclude: ["Peers"]),
    tests("IndustrialTests", ["Industrial"]),
    tests("BalancingTests", ["Balancing"]),
    tests("SecLangTests", ["SecLang", "CPCRE2", "CZlib", "CBrotli", "CZstd"]),
    tests("CedarTests", ["Cedar", "Access", "sluice"], exclude: ["Peers"]),
    tests("AccessTests", ["Access", "Cedar", "Industrial", "SluiceModel"]),
    tests("FirewallTests", ["Firewall", "SecLang", "SluiceModel", "sluice"]),
    tests("SluiceConfigTests", ["SluiceConfig", "SluiceModel"]),
    tests("TelemetryTests", ["Telemetry", "SluiceModel"]),
    tests(
      "ControlTests",
      [
        "Control", "sluice", "SluiceModel", "SluiceConfig", "Telemetry", hummingbird, httpTypes, nioCore, nioPosix,
        logging, serviceLifecycle,
      ]),
    tests("DemoTests", ["sluice"]),
    tests("IntegrationTests", []),
    tests("ProxyTests", ["Balancing", "Proxy", "SluiceModel", "Wire"]),
    tests("SluiceModelTests", ["SluiceModel"]),
    tests("TidyTests", []),
  ]
)
