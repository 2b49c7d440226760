// swift-tools-version: 6.2
import PackageDescription

// The fuzz targets, apart from the package that they fuzz: they need the fuzzer's flags on every module. `make fuzz` builds
// and runs them.

func fuzzer(_ name: String, _ product: String, seesPackage: Bool = false) -> Target {
  .executableTarget(
    name: name,
    dependencies: [.product(name: product, package: "sluice")],
    packageAccess: !seesPackage,
    swiftSettings: [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .treatAllWarnings(as: .error),
    ] + (seesPackage ? [.unsafeFlags(["-package-name", fuzzedPackage])] : []))
}

/// The name by which the compiler knows the package above: that of its folder. A target that goes by it sees what has
/// `package` access there.
let fuzzedPackage =
  Context.packageDirectory.split(separator: "/").dropLast().last.map { folder in
    String(folder.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
  } ?? "sluice"

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
    fuzzer("FuzzSecLang", "SecLang", seesPackage: true),
    fuzzer("FuzzPatterns", "SecLang", seesPackage: true),
    fuzzer("FuzzTransformations", "SecLang", seesPackage: true),
    fuzzer("FuzzBodies", "SecLang", seesPackage: true),
    fuzzer("FuzzDetectors", "SecLang", seesPackage: true),
    fuzzer("FuzzFirewall", "SecLang", seesPackage: true),
    fuzzer("FuzzRegexCost", "SecLang", seesPackage: true),
    fuzzer("FuzzPolicy", "Cedar", seesPackage: true),
    fuzzer("FuzzSchema", "Cedar", seesPackage: true),
    fuzzer("FuzzEntities", "Cedar", seesPackage: true),
  ]
)
