import Cedar
import Foundation
import Testing

@Suite struct PolicyPropertyTests {
  @Test(.enabled(if: PolicyCorpus.isThere, "set SLUICE_CONFORMANCE to the conformance data"))
  func holdForTheCorpus() throws {
    let policies = try PolicyCorpus.policies()
    #expect(policies.count > 5_000)
    for (name, text) in policies {
      #expect(throws: Never.self, "\(name)") { try PolicySet(parsing: text) }
      #expect(PolicyProperties.firstFailure(of: text) == nil, "\(name)")
    }
  }

  /// Every seed of the fuzz target and every input that once broke it.
  @Test func holdForTheFuzzCorpus() throws {
    // The tests may be linked into another package.
    let tests = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    let folder = tests.appending(path: "../../../Fuzz/Corpus/policy").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files {
      let failure = PolicyProperties.firstFailure(of: [UInt8](try Data(contentsOf: file)))
      #expect(failure == nil, "\(file.lastPathComponent)")
    }
  }

  /// Random tokens, most of them no policies, and random changes of policies.
  @Test func holdForRandomTexts() {
    let seed = ProcessInfo.processInfo.environment["CEDAR_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...(.max))
    print("seed \(seed); CEDAR_SEED repeats it")
    var random = PolicyTexts(seed: seed)
    var parsed = 0
    for _ in 0..<4_000 {
      let text = random.next()
      if (try? PolicySet(parsing: text)) != nil { parsed += 1 }
      #expect(PolicyProperties.firstFailure(of: Array(text.utf8)) == nil, "seed \(seed): \(text)")
    }
    #expect(parsed > 500)
  }
}

/// Texts that are nearly policies.
private struct PolicyTexts {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  private mutating func number(below limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(limit))
  }

  private mutating func one(of choices: [String]) -> String { choices[number(below: choices.count)] }

  mutating func next() -> String {
    let annotation = one(of: ["", "@a ", "@a(\"x\") @b "])
    let principal = one(of: ["", " == User::\"a\"", " in ?principal", " is A::B", " is A in (User::\"b\")"])
    let action = one(of: ["", " == Action::\"a\"", " in [Action::\"a\", B::Action::\"c\",]", " in []"])
    var text = "\(annotation)permit (principal\(principal), action\(action), resource)"
    for _ in 0..<number(below: 3) { text += one(of: [" when", " unless"]) + " { \(expression(4)) }" }
    text += ";"
    guard number(below: 3) == 0 else { return text }
    var scalars = Array(text.unicodeScalars)
    for _ in 0...number(below: 3) {
      let place = number(below: scalars.count)
      let inserted = one(of: ["//c\n", "\n\n//d\n", "(", ")", "\"", ",", ";", "\u{e9}", "!", "-", ".", "in", "{", "\\"])
      scalars.replaceSubrange(place..<min(place + number(below: 2), scalars.count), with: inserted.unicodeScalars)
    }
    return String(String.UnicodeScalarView(scalars))
  }

  private mutating func expression(_ depth: Int) -> String {
    guard depth > 0 else {
      return one(of: ["true", "0", "-1", "\"s\\n\"", "principal", "context", "A::B::\"c\"", "[]", "{}", "ip()"])
    }
    let operands = (0..<3).map { _ in
      number(below: 3) == 0 ? expression(depth - 1) : "(" + expression(depth - 1) + ")"
    }
    let (a, b, c) = (operands[0], operands[1], operands[2])
    let comment = one(of: ["", "", "", "\n", " // é\n", "\n // own\n"])
    return comment
      + one(of: [
        "\(a) && \(b) && \(c)", "\(a) || \(b)", "\(a) == \(b)", "\(a) in \(b)", "\(a) + \(b) * \(c)", "!\(a)",
        "--\(a)", "\(a).x", "\(a)[\"y z\"]", "\(a) has x.y", "\(a) has \"in\"", "\(a) like \"a*\\*\"", "\(a) is A::B",
        "\(a) is A in \(b)", "if \(a) then \(b) else \(c)", "[\(a), \(b),]", "{k: \(a), \"l m\": \(b)}",
        "\(a).contains(\(b))", "\(a).isEmpty()", "\(a).isInRange(\(b))", "decimal(\(a))",
      ])
  }
}
