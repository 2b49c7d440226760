import SecLang
import Testing

@Suite struct JSONProcessorTests {
  private func read(_ text: String, limits: BodyLimits = BodyLimits(), truncated: Bool = false) -> JSONProcessor {
    var processor = JSONProcessor(limits: limits)
    processor.received(BodyTest.bytes(text).span)
    processor.finished(truncated: truncated)
    return processor
  }

  @Test(arguments: [
    (
      #"{"a":[1,2,{"b":null}],"x":{"y":[[1],["s"]]},"a":"dup"}"#,
      [
        "json.a.array_0=1", "json.a.array_1=2", "json.a.array_2.b=", "json.x.y.array_0.array_0=1",
        "json.x.y.array_1.array_0=s", "json.a=dup",
      ]
    ),
    (
      "[1,2,[3,4],{\"a\":5}]",
      [
        "json.array_0=1", "json.array_1=2", "json.array_2.array_0=3", "json.array_2.array_1=4", "json.array_3.a=5",
      ]
    ),
    (#"{"":{"":true}}"#, ["json.empty-key.empty-key=true"]),
    (#"{"a":{},"b":[],"c":[[],{}],"d":[1]}"#, ["json.d.array_0=1"]),
    ("\"text\"", ["json=text"]), (" \t\r\n1.50e+3 ", ["json=1.50e+3"]), ("-0", ["json=-0"]), ("true", ["json=true"]),
    ("false", ["json=false"]), ("null", ["json="]), ("", []), ("[]", []), ("{}", []),
    (#"{"a.b":{"c":1}}"#, ["json.a.b.c=1"]),
    (
      "[[[]],[0,0,0,0,0,0,0,0,0,0,7]]",
      (0...9).map { "json.array_1.array_\($0)=0" } + ["json.array_1.array_10=7"]
    ),
  ])
  func namesArguments(_ body: String, _ expected: [String]) {
    let processor = read(body)
    #expect(BodyTest.list(processor.fields) == expected)
    #expect(processor.outcome == .complete)
    #expect(processor.error == nil)
  }

  @Test(arguments: [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
    (#""\u0041\u00e9\u20AC""#, "A\u{c3}\u{a9}\u{e2}\u{82}\u{ac}"),
    (#""\ud83d\ude00""#, "\u{f0}\u{9f}\u{98}\u{80}"),
    (#""\ud83d""#, "?"), (#""\ude00""#, "?"), (#""\ud83dx\ud83d\n""#, "?x?\n"),
    (#""\ud83d\ud83d\ude00""#, "?\u{f0}\u{9f}\u{98}\u{80}"),
    (#""\ud800\u0041""#, "?A"), (#""\u0000""#, "\0"), ("\"\u{7f}\"", "\u{7f}"),
    (
      "\"\u{c3}\u{a9}\u{f0}\u{9f}\u{98}\u{80}\u{ed}\u{9f}\u{bf}\u{f4}\u{8f}\u{bf}\u{bf}\"",
      "\u{c3}\u{a9}\u{f0}\u{9f}\u{98}\u{80}\u{ed}\u{9f}\u{bf}\u{f4}\u{8f}\u{bf}\u{bf}"
    ),
  ])
  func unescapesStrings(_ body: String, _ value: String) {
    #expect(BodyTest.list(read(body).fields) == ["json=" + value])
    let key = read("{\(body):1}")
    #expect(BodyTest.list(key.fields) == ["json." + value + "=1"])
  }

  @Test(arguments: [
    ("{\"a\":1,}", 7), ("[1,]", 3), ("[,1]", 1), ("{\"a\"}", 4), ("{\"a\":}", 5), ("{a:1}", 1), ("{1:2}", 1),
    ("[1 2]", 3),
    ("{\"a\":1 \"b\":2}", 7), ("nulL", 3), ("nulll", 4), ("tru e", 3), ("01", 1), ("1.e", 2), ("1e,", 2), ("-x", 1),
    ("+1", 0), (".5", 0), ("1 1", 2), ("{}x", 2), ("[}", 1), ("{]", 1), ("]", 0), ("\u{0b}1", 0), ("/**/1", 0),
    ("\u{ef}\u{bb}\u{bf}1", 0), ("'a'", 0), ("\"\\q\"", 2), ("\"\\u12g4\"", 5), ("\"a\nb\"", 2), ("\"\0\"", 1),
    ("\"\u{80}\"", 1), ("\"\u{c0}\u{80}\"", 1), ("\"\u{c3}x\"", 2), ("\"\u{ed}\u{a0}\u{80}\"", 2),
    ("\"\u{f4}\u{90}\u{80}\u{80}\"", 2), ("\"\u{f5}\"", 1), ("\"\u{e0}\u{80}\u{80}\"", 2),
  ])
  func refusesWhatIsNoJSON(_ body: String, _ offset: Int) {
    let processor = read(body)
    #expect(processor.outcome == .failed)
    #expect(processor.error?.kind == .malformed)
    #expect(processor.error?.offset == offset, "\(body)")
    #expect(read(body, truncated: true).outcome == .failed)
  }

  @Test(arguments: [
    ("{\"a\":1,\"b\":\"xy", ["json.a=1", "json.b=xy"]), ("{\"a\":1,\"b", ["json.a=1", "json.b="]),
    ("{\"a\":1,\"b\":", ["json.a=1", "json.b="]), ("{\"a\":1,", ["json.a=1"]), ("[12", ["json.array_0=12"]),
    ("[1.", ["json.array_0=1."]), ("[tr", ["json.array_0="]), ("[1,", ["json.array_0=1"]), ("[", []),
    ("\"\\u00", ["json="]),
    (" ", []), ("{\"a\":[{\"b\":\"c", ["json.a.array_0.b=c"]), ("\"\\ud83d", ["json="]),
  ])
  func tellsTruncationFromErrors(_ body: String, _ expected: [String]) {
    let cut = read(body, truncated: true)
    #expect(cut.outcome == .truncated)
    #expect(cut.error == nil)
    #expect(BodyTest.list(cut.fields) == expected)
    let whole = read(body)
    #expect(whole.outcome == .failed)
    #expect(whole.error?.kind == .malformed)
    #expect(BodyTest.list(whole.fields) == expected)
  }

  @Test func boundsDepth() {
    var limits = BodyLimits()
    limits.jsonDepth = 3
    #expect(read("[[[1]]]", limits: limits).outcome == .complete)
    let deep = read("[[[[1]]]]", limits: limits)
    #expect(deep.outcome == .failed)
    #expect(deep.error == BodyError(.limit, "json: more than 3 levels", offset: 3))
    #expect(read(String(repeating: "[", count: 512) + String(repeating: "]", count: 512)).outcome == .complete)
    #expect(read(String(repeating: "[", count: 513)).error?.kind == .limit)
    #expect(read(String(repeating: "{\"a\":", count: 1_000_000)).error?.kind == .limit)
  }

  @Test func boundsArguments() {
    let processor = read("[1,{\"b\":2},3,4]", limits: BodyLimits(arguments: 2))
    #expect(BodyTest.list(processor.fields) == ["json.array_0=1", "json.array_1.b=2"])
    #expect(processor.error?.kind == .limit)
    #expect(processor.exceedsArguments)
    #expect(read("[1,2]", limits: BodyLimits(arguments: 2)).outcome == .complete)
  }

  @Test func boundsNamesThatMultiply() {
    var limits = BodyLimits(arguments: .max)
    limits.storedBytes = 100_000
    let key = String(repeating: "k", count: 1000)
    let processor = read("{\"\(key)\":[" + String(repeating: "1,", count: 1000) + "1]}", limits: limits)
    #expect(processor.error?.kind == .limit)
    #expect(processor.fields.bytes.count < 102_000)
    #expect(processor.fields.count > 90)
  }

  @Test func boundsBytes() {
    var limits = BodyLimits()
    limits.storedBytes = 20
    let processor = read("\"" + String(repeating: "x", count: 40) + "\"", limits: limits)
    #expect(processor.error == BodyError(.limit, "json: names and values of more than 20 bytes", offset: 20))
    #expect(BodyTest.list(processor.fields) == ["json=" + String(repeating: "x", count: 19)])
  }

  @Test func readsLargeBodies() {
    let item = #"{"id":17,"name":"some name","tags":["a","b"],"ok":true}"#
    let body = "[" + Array(repeating: item, count: 20_000).joined(separator: ",") + "]"
    let processor = read(body, limits: BodyLimits(arguments: .max))
    #expect(processor.outcome == .complete)
    #expect(processor.fields.count == 100_000)
  }
}
