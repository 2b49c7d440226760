import SecLang
import Testing

@Suite struct URLEncodedProcessorTests {
  private func read(_ text: String, limits: BodyLimits = BodyLimits(), separator: Character = "&")
    -> URLEncodedProcessor
  {
    var processor = URLEncodedProcessor(limits: limits, separator: separator.asciiValue ?? 0x26)
    processor.received(BodyTest.bytes(text).span)
    processor.finished()
    return processor
  }

  @Test(arguments: [
    ("a=1&b=2", ["a=1", "b=2"]),
    ("", []),
    ("a", ["a="]),
    ("a=", ["a="]),
    ("=v", ["=v"]),
    ("a=1=2", ["a=1=2"]),
    ("a=1&a=2", ["a=1", "a=2"]),
    ("a=1&&b=2&", ["a=1", "=", "b=2"]),
    ("&", ["="]),
    ("&&", ["=", "="]),
    ("+=+", [" = "]),
    ("%2b=%2B%00", ["+=+\0"]),
    ("a%3db=c%26d", ["a=b=c&d"]),
    ("a=b\r\n", ["a=b\r\n"]),
    ("a;b=c", ["a;b=c"]),
    ("a=%C3%A9\u{ff}", ["a=\u{c3}\u{a9}\u{ff}"]),
  ])
  func readsArguments(_ body: String, _ expected: [String]) {
    let processor = read(body)
    #expect(BodyTest.list(processor.fields) == expected)
    #expect(!processor.hasInvalidEncoding)
    #expect(processor.error == nil)
  }

  @Test(arguments: [
    ("a=%zz", ["a=%zz"], 1), ("%zz=1", ["%zz=1"], 1), ("a=%", ["a=%"], 1), ("a=%4", ["a=%4"], 1),
    ("a=%4&b=%", ["a=%4", "b=%"], 2), ("a=%%41", ["a=%A"], 1), ("a=%4%41", ["a=%4A"], 1),
    ("a=%u0041+x", ["a=%u0041 x"], 1), ("%4=%4", ["%4=%4"], 2),
  ])
  func keepsInvalidEscapes(_ body: String, _ expected: [String], _ count: Int) {
    let processor = read(body)
    #expect(BodyTest.list(processor.fields) == expected)
    #expect(processor.invalidEncodings == count)
    #expect(processor.hasInvalidEncoding)
  }

  @Test func takesAnotherSeparator() {
    #expect(BodyTest.list(read("a=1;b=2&c=3", separator: ";").fields) == ["a=1", "b=2&c=3"])
  }

  @Test func keepsNoMoreArgumentsThanAllowed() {
    let processor = read("a=1&b=2&c=3&d=%zz", limits: BodyLimits(arguments: 2))
    #expect(BodyTest.list(processor.fields) == ["a=1", "b=2"])
    #expect(processor.omittedArguments == 2)
    #expect(processor.invalidEncodings == 1)
  }

  @Test func readsNoMoreBytesThanAllowed() {
    var limits = BodyLimits()
    limits.storedBytes = 5
    let processor = read("a=1&bcd=2", limits: limits)
    #expect(BodyTest.list(processor.fields) == ["a=1", "b="])
    #expect(processor.error?.kind == .limit)
    #expect(processor.error?.offset == 5)
  }

  @Test func readsHundredsOfThousandsOfParameters() {
    let count = 300_000
    let processor = read(String(repeating: "p=v&", count: count), limits: BodyLimits(arguments: .max))
    #expect(processor.fields.count == count)
    #expect(processor.fields.combinedSize == 2 * count)
  }

  @Test func usesMemoryAgain() {
    var first = read("a=1&b=2")
    let store = first.fields
    first = URLEncodedProcessor()
    var second = URLEncodedProcessor(reusing: store)
    second.received(BodyTest.bytes("c=3").span)
    second.finished()
    #expect(BodyTest.list(second.fields) == ["c=3"])
  }
}
