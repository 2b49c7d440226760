import Foundation
import Testing

/// Dependencies point one way: what a room may import is said here, and nowhere may a line or the manifest say more.
@Suite struct DependencyTests {
  struct Room {
    /// Rooms of ours that it may import.
    var ours: Set<String> = []
    /// Modules of other packages that it may import.
    var others: Set<String> = []
    /// Modules of the system and of the toolchain that it may import.
    var system: Set<String> = Room.ordinary

    static let ordinary: Set<String> = ["Foundation", "FoundationEssentials", "Glibc", "Synchronization"]
    /// Engines do no input or output: bytes come in as spans and go out as values.
    static let pure: Set<String> = ["Synchronization"]
  }

  static let rooms: [String: Room] = [
    "CLinux": Room(system: []),
    "SluiceModel": Room(system: Room.pure),
    "Wire": Room(others: ["Crypto"], system: Room.pure),
    "Industrial": Room(system: Room.pure),
    "Balancing": Room(system: Room.pure),
    "PKI": Room(ours: ["SluiceModel"], others: ["Crypto", "CryptoExtras"]),
    "CPCRE2": Room(system: []),
    "CHyperscan": Room(system: []),
    "CLibXML2": Room(system: []),
    "CZlib": Room(system: []),
    "CBrotli": Room(system: []),
    "CZstd": Room(system: []),
    "SecLang": Room(
      others: ["CPCRE2", "CHyperscan", "CLibXML2", "CZlib", "CBrotli", "CZstd"], system: Room.pure.union(["Glibc"])),
    "Cedar": Room(system: Room.pure.union(["Glibc"])),
    "Access": Room(
      ours: ["SluiceModel", "Industrial", "Cedar"], others: ["Crypto"], system: Room.pure),
    "Firewall": Room(ours: ["SluiceModel", "SecLang"], others: ["Crypto"]),
    "SluiceConfig": Room(ours: ["SluiceModel", "PKI"], others: ["Yams", "CYaml", "Crypto"]),
    "Telemetry": Room(ours: ["SluiceModel"]),
    "Proxy": Room(
      ours: ["SluiceModel", "Wire", "Balancing", "Industrial", "PKI", "CLinux"],
      others: ["NIOCore", "NIOPosix", "NIOTLS", "NIOSSL"]),
    "ACME": Room(
      ours: ["SluiceModel"],
      others: [
        "Crypto", "X509", "SwiftASN1", "AsyncHTTPClient", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "Logging",
      ]),
    "Filters": Room(
      ours: ["SluiceModel", "Wire", "Balancing", "Industrial", "SecLang", "Cedar", "Firewall", "Access", "Proxy"],
      others: ["NIOCore", "Crypto"]),
    "Control": Room(
      ours: ["SluiceModel", "SluiceConfig", "Telemetry"],
      others: [
        "Hummingbird", "HummingbirdCore", "HTTPTypes", "Logging", "ServiceLifecycle", "NIOCore", "NIOPosix", "NIOHTTP1",
      ]),
  ]

  /// The executable sees everything and nothing imports it.
  static let executable = "sluice"

  @Test func everyRoomHasItsRule() {
    let folders = Set(Repository.names(in: "Sources").filter { !$0.hasPrefix(".") })
    #expect(folders == Set(Self.rooms.keys).union([Self.executable]))
  }

  @Test func importsStayInDirection() {
    for file in Repository.sources {
      let room = String(file.path.split(separator: "/")[1])
      for (module, line) in file.imports {
        #expect(module != Self.executable, "\(file.path):\(line): nothing imports the executable")
        guard let rule = Self.rooms[room] else { continue }
        #expect(
          rule.ours.union(rule.others).union(rule.system).contains(module),
          "\(file.path):\(line): `\(room)` does not import `\(module)`")
      }
    }
  }

  @Test func manifestStaysInDirection() throws {
    let targets = try Self.targets()
    #expect(targets.count > Self.rooms.count)
    for target in targets {
      for dependency in target.dependencies {
        let mayUseAll = target.isTest || target.name == Self.executable
        #expect(target.isTest || dependency != Self.executable, "`\(target.name)` depends on the executable")
        guard !mayUseAll else { continue }
        let rule = try #require(Self.rooms[target.name], "`\(target.name)` has no rule")
        #expect(
          rule.ours.union(rule.others).contains(dependency), "`\(target.name)` does not depend on `\(dependency)`")
      }
    }
  }

  struct Target {
    var name: String
    var isTest: Bool
    var dependencies: [String]
  }

  /// The targets as SwiftPM reads the manifest. A scratch folder of its own keeps clear of the lock of a build under way.
  static func targets() throws -> [Target] {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "sluice-tidy-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let swift = Process()
    let output = Pipe()
    swift.executableURL = URL(filePath: "/usr/bin/env")
    swift.arguments = [
      "swift", "package", "--package-path", Repository.root.path(), "--scratch-path", scratch.path(), "dump-package",
    ]
    swift.standardInput = FileHandle.nullDevice
    swift.standardOutput = output
    try swift.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    swift.waitUntilExit()
    let manifest = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let targets = try #require(manifest["targets"] as? [[String: Any]])
    return try targets.map { target in
      let dependencies = try #require(target["dependencies"] as? [[String: Any]])
      return Target(
        name: try #require(target["name"] as? String), isTest: target["type"] as? String == "test",
        // Each is an object such as `{"byName": ["Wire", null]}`: the name comes first in every kind.
        dependencies: try dependencies.map { dependency in
          let list = try #require(dependency.values.first as? [Any])
          return try #require(list.first as? String)
        })
    }
  }
}
