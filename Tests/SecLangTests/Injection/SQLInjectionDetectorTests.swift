import SecLang
import Testing

@Suite struct SQLInjectionDetectorTests {
  private func fingerprint(_ value: String) -> String? {
    fingerprint(Array(value.utf8))?.text
  }

  private func fingerprint(_ value: [UInt8]) -> SQLInjectionFingerprint? {
    SQLInjectionDetector.fingerprint(of: value.span)
  }

  @Test(arguments: [
    ("1' or '1'='1", "s&sos"), ("-1 union select 1,2,3", "1UE1"), ("admin'--", "sc"), ("1; drop table users", "1;Tnn"),
    ("x' and 1=(select 1)#", "s&1o("), ("1 and sleep(5)", "1&f(1"), ("1 or 1=1", "1&1"), ("\" or \"\"=\"", "s&sos"),
    ("1;if exists(select 1) select 2", "1;T(E"), ("1 union all select current_user", "1UEv"),
    ("1e union select 1", "nUE1"),
    ("q'[x]' union select 1", "sUE1"), ("$a$ x $a$ union select 1", "sUE1"), ("\\%1 union select 1", "1UE1"),
    ("1::int or 1::int", "1&1"),
  ])
  func injectionsHaveTheirFingerprint(_ value: String, _ expected: String) {
    #expect(fingerprint(value) == expected)
  }

  @Test(arguments: [
    ("1 /*!50000union*/ select", "X"), ("1 /* a /* b */", "X"), ("{``.id}", "X"), ("1/**/union", "1U"),
    ("foo' + 'bar", "sos"),
    ("x -- sp_password", "nc"), ("1 into outfile 'x'", "1ks"), ("x' into dumpfile 'y", "sks"), ("1234-ABCDEF--", "1c"),
  ])
  func evasionsAreFound(_ value: String, _ expected: String) {
    #expect(fingerprint(value) == expected)
  }

  @Test(arguments: [
    "laptop", "please select the best union", "it's 5 o'clock", "550e8400-e29b-41d4-a716-446655440000",
    "John's and Mary's",
    "1-2-3", "a=b", "rock & roll", "C# or Java", "O'Neil -- the 2nd", "sexy and 17", "1 #", "foo --bar", "1 union",
    "x -- y",
    "http://a.b/c?d=e&f=g", "select`a`from b", "@'user'(1)", "a' procedure analyse() -- ",
  ])
  func textIsNone(_ value: String) {
    #expect(fingerprint(value) == nil)
  }

  @Test func emptyValuesAndSingleBytesAreNone() {
    #expect(fingerprint([]) == nil)
    for byte in UInt8.min...UInt8.max {
      #expect(fingerprint([byte]) == nil, "byte \(byte)")
    }
  }

  @Test func theNoBreakSpaceOfLatin1IsABlank() {
    let value = Array("1".utf8) + [0xA0] + Array("or".utf8) + [0xA0] + Array("1=1".utf8)
    #expect(fingerprint(value)?.text == "1&1")
  }

  @Test func theFingerprintGivesItsLetters() throws {
    let found = try #require(fingerprint(Array("admin'--".utf8)))
    #expect(found.count == 2 && found[0] == UInt8(ascii: "s") && found[1] == UInt8(ascii: "c") && found[2] == 0)
    #expect(found == fingerprint(Array("root' --".utf8)))
  }

  /// A quarter of a megabyte of what makes a careless tokenizer begin again and again.
  @Test(arguments: [
    "'", "\"", "''\"", "\\'", "'\\", "`", "$a$", "$a", "$$", "$aaaaaaaa", "/*", "/**/", "*/", "--", "--\n", "#\n", "1+",
    "1,", "(", ")(", "{a", "{`",
    "@@", "@`", "q'(", "nq'", "b'0", "x'f", "u&'", "[", "0x", "1e", ".", "a.", "a`", "select.", "union all ", "not ",
    ";if", "_",
    "not in(", "user(", "\\%", "collate a_b ", "\0", "\u{A0}",
  ])
  func longValuesAreReadOnce(_ unit: String) {
    let unit = Array(unit.utf8)
    var value: [UInt8] = []
    while value.count < 1 << 18 { value += unit }
    _ = fingerprint(value)
    value += Array("' or \"".utf8)
    _ = fingerprint(value)
  }

  /// Recorded from libinjection 3.9.2: every verdict and fingerprint of a run, so that they can't change where that
  /// library is missing.
  @Test func verdictsAreTheRecordedOnes() {
    var mutator = InjectionMutator.recordedSQL
    var digest = VerdictDigest()
    for _ in 0..<VerdictDigest.recordedCount {
      digest.add(fingerprint(mutator.next())?.text)
    }
    #expect(digest.value == VerdictDigest.recordedSQL)
  }
}
