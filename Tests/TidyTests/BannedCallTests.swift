import Testing

/// What may trap, escape a check or hide a wait is not written; where a check must be escaped, the line says why it can't
/// go wrong.
@Suite struct BannedCallTests {
  /// Traps that no input and no invariant excuses.
  static let traps: [[String]] = [
    ["try", "!"], ["as", "!"], ["fatalError", "("], ["preconditionFailure", "("],
  ]

  /// Escapes from the compiler's checks: allowed with `// invariant:` on the line, above it, or above a function or type
  /// that holds it.
  static let escapes: [[String]] = [
    ["@", "unchecked", "Sendable"], ["nonisolated", "(", "unsafe", ")"], ["unowned", "(", "unsafe", ")"],
    ["unsafeBitCast"], ["unsafeDowncast"], ["Unmanaged"], ["assumingMemoryBound"], ["withMemoryRebound"],
  ]

  @Test(arguments: traps) func sourcesDoNotTrap(_ pattern: [String]) {
    for file in Repository.sources {
      for index in file.tokens.indices where file.matches(pattern, at: index) {
        Issue.record("\(file.path):\(file.tokens[index].line): `\(pattern.joined())`")
      }
    }
  }

  @Test func sourcesDoNotUnwrapByForce() {
    for file in Repository.sources {
      for index in file.tokens.indices.dropFirst() where Self.unwraps(file, at: index) {
        Issue.record("\(file.path):\(file.tokens[index].line): `!` unwraps by force")
      }
    }
  }

  /// Whether an exclamation mark follows a value or a type without a space and is not the first half of `!=`.
  static func unwraps(_ file: SwiftFile, at index: Int) -> Bool {
    let token = file.tokens[index]
    guard token.text == "!", token.kind == .symbol, token.isGlued else { return false }
    let before = file.tokens[index - 1]
    guard before.kind != .symbol || [")", "]", "}", ">", "?"].contains(before.text) else { return false }
    if before.text == "try" || before.text == "as" { return false }
    guard index + 1 < file.tokens.count else { return true }
    let after = file.tokens[index + 1]
    return !(after.text == "=" && after.isGlued)
  }

  @Test func escapesStateTheirInvariant() {
    for file in Repository.sources {
      let scopes = file.scopes
      for index in file.tokens.indices where Self.escapes(file, at: index) {
        let token = file.tokens[index]
        let holders = scopes.filter { ($0.firstLine...$0.lastLine).contains(token.line) }.map(\.firstLine)
        if ([token.line] + holders).contains(where: file.statesInvariant) { continue }
        Issue.record("\(file.path):\(token.line): `\(token.text)` without `// invariant:` on it or above")
      }
    }
  }

  static func escapes(_ file: SwiftFile, at index: Int) -> Bool {
    let token = file.tokens[index]
    if token.kind == .identifier, token.text.hasPrefix("Unsafe"), token.text.hasSuffix("Pointer") { return true }
    return escapes.contains { file.matches($0, at: index) }
  }

  @Test func onlyTheCommandLinePrints() {
    for file in Repository.sources where !file.path.hasPrefix("Sources/sluice/") {
      for index in file.tokens.indices where Self.calls(["print", "debugPrint", "dump"], in: file, at: index) {
        Issue.record("\(file.path):\(file.tokens[index].line): `\(file.tokens[index].text)`")
      }
    }
  }

  @Test func testsDoNotSleep() {
    for file in Repository.tests {
      for index in file.tokens.indices where Self.calls(["sleep", "usleep", "nanosleep"], in: file, at: index, true) {
        Issue.record("\(file.path):\(file.tokens[index].line): waits by the clock, wait for a signal instead")
      }
    }
  }

  /// Whether one of these functions is called here; as a member only when asked for.
  static func calls(_ names: Set<String>, in file: SwiftFile, at index: Int, _ members: Bool = false) -> Bool {
    guard names.contains(file.tokens[index].text), file.tokens[index].kind == .identifier,
      file.matches(["("], at: index + 1)
    else { return false }
    guard index > 0 else { return true }
    let before = file.tokens[index - 1].text
    return before != "func" && (members || before != ".")
  }

  /// The binary that is tested is the one that ships: `@testable` would need another build of every module.
  @Test func testsUsePackageAccess() {
    for file in Repository.tests {
      for index in file.tokens.indices where file.matches(["@", "testable"], at: index) {
        Issue.record("\(file.path):\(file.tokens[index].line): use `package` access instead of `@testable`")
      }
    }
  }

  private static func says(_ word: String, _ comment: String) -> Bool {
    comment.lowercased().ranges(of: word).contains { range in
      let after = comment.lowercased()[range.upperBound...].first
      return after?.isLetter != true
    }
  }

  @Test func nothingIsLeftForLater() throws {
    let markers = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]
    let marker = try Regex("\\b(" + markers.joined(separator: "|") + ")\\b")
    for path in Repository.textFiles {
      let text = Repository.text(path)
      guard markers.contains(where: text.contains) else { continue }
      for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      where line.contains(marker) {
        Issue.record("\(path):\(index + 1): \(line)")
      }
    }
    let words = ["not implemented", "place" + "holder", "for " + "now", "st" + "ub"]
    for file in Repository.sources + Repository.tests {
      for (line, comment) in file.comments {
        for word in words where Self.says(word, comment) {
          Issue.record("\(file.path):\(line): says `\(word)`")
        }
      }
    }
  }
}
