import Testing

/// The measures themselves: what they must see and what they must not.
@Suite struct TidyItselfTests {
  static func file(_ text: String) -> SwiftFile { SwiftFile(path: "Example.swift", text: text) }

  static func unwraps(_ text: String) -> Bool {
    let file = file(text)
    return file.tokens.indices.dropFirst().contains { BannedCallTests.unwraps(file, at: $0) }
  }

  @Test(arguments: ["let a = b!", "f()!.g", "x[0]! += 1", "var w: Window!", "\"\\(a)\"!", "a! = b", "try? f()!"])
  func seesForce(_ text: String) { #expect(Self.unwraps(text)) }

  @Test(arguments: ["a != b", "a!=b", "!a", "(!a)", "return !a", "try! f()", "\"stop!\"", "// stop!", "a && !b"])
  func seesNoForce(_ text: String) { #expect(!Self.unwraps(text)) }

  @Test func stringsAndCommentsAreNotCode() {
    let names = Self.file(
      """
      let a = "inside \\(used(")")) inside" // remark
      /* outer /* inner */ outer */ let b = #"raw "quoted" \\(raw)"#
      let c = \"\"\"
        text
        \"\"\"
      """
    ).identifiers
    #expect(names == ["let", "a", "used", "b", "c"])
  }

  @Test func bodiesAreMeasured() {
    let bodies = Self.file(
      """
      protocol P { func required(a: Int); var value: Int { get } }
      struct S {
        let closure = { 1 }
        init?(a: Int = { 2 }()) {
          self = S.init(a: a)
        }
        var computed: Int {
          1
        }
        func f<T>(
          _ x: T
        ) -> Int where T: P {
          if true { 1 } else { 2 }
        }
      }
      """
    ).bodies
    #expect(
      bodies.filter { $0.lineCount > 1 } == [
        SwiftFile.Scope(name: "init", firstLine: 4, lastLine: 6),
        SwiftFile.Scope(name: "computed", firstLine: 7, lastLine: 9),
        SwiftFile.Scope(name: "f", firstLine: 10, lastLine: 14),
      ])
  }

  @Test func invariantsAreFound() {
    let file = Self.file("// invariant: one\n// thread\nlet a = 1\nlet b = 2 // invariant: two\nlet c = 3")
    #expect(file.scopes.isEmpty)
    #expect([3, 4, 5].map { file.statesInvariant(line: $0) } == [true, true, false])
  }

  @Test func declaredNamesAreFound() {
    #expect(Self.file("struct A { func inner() {} }\nfunc b(c: Int) {}").declaredNames == ["A", "b"])
    #expect(Self.file("extension A { static func added() { let x = 1 } }").declaredNames == ["added"])
    #expect(Self.file("extension A: P {}").declaredNames == nil)
    #expect(Self.file("@main struct M {}").declaredNames == nil)
  }

  @Test func importsAreFound() {
    let file = Self.file("import A\npublic import B\n@preconcurrency import struct C.D")
    #expect(file.imports.map(\.module) == ["A", "B", "C"])
  }
}
