import Testing

/// Every source file is of use to another one.
@Suite struct DeadFileTests {
  /// Path: why nothing else in `Sources` names what the file declares. The list can only shrink.
  static let allowed: [String: String] = [
    "Sources/SecLang/Compiler/RuleSet+WithoutScans.swift": "what tests and fuzzing compare the scans with"
  ]

  @Test func everyFileIsUsed() {
    var users: [String: Int] = [:]
    for file in Repository.sources { for name in file.identifiers { users[name, default: 0] += 1 } }
    var dead: Set<String> = []
    for file in Repository.sources {
      guard let names = file.declaredNames, !names.contains(where: { users[$0, default: 0] > 1 }) else { continue }
      dead.insert(file.path)
      #expect(
        Self.allowed[file.path] != nil,
        "\(file.path): no other source uses \(names.sorted().joined(separator: ", "))")
    }
    for path in Self.allowed.keys.sorted() {
      #expect(dead.contains(path), "\(path) is used now: take it off the list")
    }
  }
}
