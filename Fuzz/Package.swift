// swift-tools-version: 6.2
import PackageDescription

// The fuzz targets, apart from the package that they fuzz: they need the fuzzer's flags on every module. `make fuzz` builds
// and runs them.

func fuzzer(_ name: String, _ product: String) -> Target {
  .executableTarget(
    name: name,
    dependencies: [.product(name: product, package: "sluice")],
    swiftSettings: [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .treatAllWarnings(as: .error),
    ])
}

let package = Package(
  name: "sluice-fuzz",
  dependencies: [.package(name: "sluice", path: "..")],
  targets: [
    fuzzer("FuzzHTTP1", "Wire"),
    fuzzer("FuzzModbus", "Industrial"),
    fuzzer("FuzzConfig", "SluiceConfig"),
    fuzzer("FuzzTLS", "Wire"),
    fuzzer("FuzzProxyProtocol", "Wire"),
    fuzzer("FuzzWebSocket", "Wire"),
    fuzzer("FuzzCRL", "PKI"),
    fuzzer("FuzzPEM", "PKI"),
    fuzzer("FuzzSecLang", "SecLang"),
    fuzzer("FuzzPatterns", "SecLang"),
    fuzzer("FuzzTransformations", "SecLang"),
    fuzzer("FuzzBodies", "SecLang"),
    fuzzer("FuzzDetectors", "SecLang"),
    fuzzer("FuzzFirewall", "SecLang"),
    fuzzer("FuzzRegexCost", "SecLang"),
  ]
)
