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

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
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
    .library(name: "SluiceConfig", targets: ["SluiceConfig"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  ],
  targets: [
    .target(name: "CLinux"),

    // Engines: pure, no I/O, nothing of ours.
    room("SluiceModel"),
    room("Wire"),
    room("Industrial"),
    room("Balancing"),

    // Around the engines.
    room("SluiceConfig", ["SluiceModel", yams, crypto]),
    room("Telemetry", ["SluiceModel"]),
    room("Proxy", ["SluiceModel", "Wire", "Industrial", "Balancing", "CLinux", nioCore, nioPosix]),
    room("Filters", ["SluiceModel", "Wire", "Industrial", "Proxy", crypto, nioCore]),
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
        "CLinux", argumentParser, logging, serviceLifecycle, unixSignals, nioCore, nioPosix, nioHTTP1, nioWebSocket,
        hummingbird,
      ],
      swiftSettings: strict),

    tests("WireTests", ["Wire"]),
    tests("IndustrialTests", ["Industrial"]),
    tests("BalancingTests", ["Balancing"]),
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
