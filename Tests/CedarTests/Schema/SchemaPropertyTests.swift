import Cedar
import Foundation
import Testing

@Suite struct SchemaPropertyTests {
  /// Every seed of the fuzz target and every input that once broke it.
  @Test func holdForTheFuzzCorpus() throws {
    // The tests may be linked into another package.
    let tests = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    let folder = tests.appending(path: "../../../Fuzz/Corpus/schema").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files {
      let failure = SchemaProperties.firstFailure(of: [UInt8](try Data(contentsOf: file)))
      #expect(failure == nil, "\(file.lastPathComponent)")
    }
  }

  /// Random changes of the seeds.
  @Test func holdForRandomChanges() throws {
    let seed = ProcessInfo.processInfo.environment["CEDAR_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...(.max))
    print("seed \(seed); CEDAR_SEED repeats it")
    var changes = SchemaChanges(seed: seed)
    var read = 0
    for _ in 0..<4_000 {
      let text = changes.next()
      if (try? Schema(parsing: text)) != nil { read += 1 }
      let bytes = Array(text.utf8) + [0] + Array(SchemaChanges.policy.utf8)
      #expect(
        SchemaProperties.firstFailure(of: bytes) == nil, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(read > 200)
  }
}

/// Texts that are nearly schemas.
private struct SchemaChanges {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  private static let declarations = [
    "type T = Long;", "type T = { a?: T2, b: Set<Bool> };", "type T2 = String;", "entity A;", "entity B in [A, B];",
    "entity A { x: Long, \"y z\"?: { t: T } } tags Set<T>;", "entity E enum [\"a\", \"b\"];", "action a in b;",
    "action b, c;", "action d in [N::Action::\"e\"] appliesTo { principal: [A], resource: B, context: { t?: T } };",
    "action e appliesTo { principal: B, resource: E, context: T };", "entity Long;", "@a @b(\"c\") entity C in A;",
  ]
  private static let tokens = [
    "::", "{", "}", "<", ">", ",", ";", ":", "?", "=", "@", "in", "A", "B", "T", "Set<", "Long", "__cedar::", "\"",
    "//",
    "\n", "entity", "action", "type", "namespace", "[", "]", "Action", "tags", "\u{e9}",
  ]

  private mutating func number(below limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(limit))
  }

  private mutating func one(of choices: [String]) -> String { choices[number(below: choices.count)] }

  static let policy = "permit (principal is A, action, resource) when { principal.x == 1 && context has t.b };"

  mutating func next() -> String {
    var text = ""
    for _ in 0...number(below: 6) { text += one(of: Self.declarations) + "\n" }
    if number(below: 2) == 0 { text = "namespace N { \(text) }" + one(of: ["", one(of: Self.declarations)]) }
    if number(below: 3) == 0 {
      var scalars = Array(text.unicodeScalars)
      let place = number(below: scalars.count)
      let end = min(place + number(below: 3), scalars.count)
      scalars.replaceSubrange(place..<end, with: one(of: Self.tokens).unicodeScalars)
      text = String(String.UnicodeScalarView(scalars))
    }
    return text
  }
}
