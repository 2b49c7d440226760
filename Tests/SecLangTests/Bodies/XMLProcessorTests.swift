import SecLang
import Testing

@Suite struct XMLProcessorTests {
  private func read(_ text: String, limits: BodyLimits = BodyLimits(), truncated: Bool = false) -> XMLProcessor {
    var processor = XMLProcessor(limits: limits)
    processor.received(BodyTest.bytes(text).span)
    processor.finished(truncated: truncated)
    return processor
  }

  private func find(_ path: String, in processor: XMLProcessor) throws -> [String] {
    var matches: [XPathMatch] = []
    processor.content.find(try XPathSubset(path), into: &matches)
    return matches.map { BodyTest.text(processor.content.bytes(of: $0)) }
  }

  @Test func readsTextAndAttributes() throws {
    let body =
      "<?xml version=\"1.0\"?><a x=\"1\" xmlns=\"u:d\" xmlns:p=\"u:p\">t<b p:y=\"2\" z=\"&lt;&#65;\">u</b>\n"
      + "v<![CDATA[<c>]]><!--no--><?no no?>&amp;</a>"
    let processor = read(body)
    #expect(processor.error == nil)
    #expect(try find("/*", in: processor) == ["tu\nv<c>&"])
    #expect(try find("//@*", in: processor) == ["1", "2", "<A"])
    #expect(BodyTest.list(processor.content.attributes) == ["x=1", "p:y=2", "z=<A"])
  }

  @Test(arguments: [
    ("/a/b", ["1<2", "5"]), ("/a/b/text()", ["1", "<", "2", "5"]), ("//b", ["1<2", "3", "5"]), ("//c", ["34"]),
    ("//c/*", ["3"]), ("/a//b", ["1<2", "3", "5"]), ("/b", []), ("/a/@k", ["v"]), ("//@k", ["v", "w"]),
    ("//c/@*", ["w", "x"]), ("//c//@k", ["w"]), ("/@k", []), ("/*/*", ["1<2", "34", "5"]),
    ("//text()", ["1", "<", "2", "3", "4", "5"]),
    ("/a/text()", []), ("//none", []), ("//q", []), ("//c//text()", ["3", "4"]), ("/a/c/b", ["3"]),
    ("//*", ["1<2345q", "1<2", "34", "3", "5", "q"]),
  ])
  func findsPaths(_ path: String, _ expected: [String]) throws {
    let body =
      "<a k='v'><b>1<![CDATA[<]]>2</b><c k='w' l='x'><b>3</b>4</c><b>5</b><n:q xmlns:n='u'></n:q></a>"
    let processor = read(body.replacing("></n:q>", with: ">q</n:q>"))
    #expect(processor.error == nil)
    var wanted = expected
    if path == "//text()" || path == "/*/*" { wanted.append("q") }
    #expect(try find(path, in: processor) == wanted)
  }

  @Test func namesWithoutPrefixAreInNoNamespace() throws {
    let processor = read("<a><b xmlns='u'><c/>x<d xmlns=''>y</d></b></a>")
    #expect(try find("//b", in: processor) == [])
    #expect(try find("//c", in: processor) == [])
    #expect(try find("//d", in: processor) == ["y"])
    #expect(try find("/a/*", in: processor) == ["xy"])
  }

  @Test(arguments: [
    "<a>", "<a>t", "<a b=\"1\"", "<a x=\"1\">t<b>u</a>", "<a b='1' b='2'/>", "<a b=c/>", "<a/><b/>", "<a/>x", "not xml",
    "",
    " <?xml version=\"1.0\"?><a/>", "<a>&#0;</a>", "<a>&nbsp;</a>", "<a>]]></a>", "<a>\u{1}</a>", "<a>\u{ff}</a>",
    "<a b='<'/>", "<1/>", "<a><!-- -- --></a>",
  ])
  func refusesWhatIsNotWellFormed(_ body: String) {
    let processor = read(body)
    #expect(processor.error?.kind == .malformed, "\(body)")
    #expect(processor.error?.message.hasPrefix("xml: ") == true)
  }

  @Test func keepsWhatCameBeforeAnError() throws {
    let processor = read("<a x=\"1\">t<b y=\"2\">u</a>")
    #expect(processor.error?.message.contains("mismatch") == true)
    #expect(try find("/*", in: processor) == ["tu"])
    #expect(try find("//@*", in: processor) == ["1", "2"])
  }

  @Test(arguments: [
    "<!DOCTYPE a [<!ENTITY e \"EEE\">]><a>&e;</a>",
    "<!DOCTYPE a [<!ENTITY % e SYSTEM \"file:///etc/passwd\"> %e;]><a/>",
    "<!DOCTYPE a [<!ATTLIST a b CDATA 'v'>]><a/>", "<!DOCTYPE a [<!ELEMENT a ANY>]><a/>", "<!DOCTYPE a []><a/>",
    "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY l2 \"&lol;&lol;&lol;\">]><lolz>&l2;</lolz>",
    "<!DOCTYPE a SYSTEM '>' [<!ENTITY e 'x'>]><a>&e;</a>", "<!DOCTYPE a >[<!ENTITY e 'x'>]><a>&e;</a>",
  ])
  func refusesDeclarations(_ body: String) {
    let processor = read(body)
    #expect(processor.error == BodyError(.unsupported, "xml: document type with declarations"))
    #expect(processor.content.isEmpty)
  }

  @Test func readsNothingOutsideTheBody() throws {
    let processor = read("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a>t&nbsp;u</a>")
    #expect(processor.hasExternalDocumentType)
    #expect(try find("/*", in: processor) == ["tu"])
    #expect(!read("<!DOCTYPE a><a/>").hasExternalDocumentType)
  }

  @Test func declarationsDoNotHide() {
    let attributes = (0..<300).map { " a\($0)=''" }.joined()
    for start in [
      "<!DOCTYPE a><!-- x -->", "<!DOCTYPE a SYSTEM \"<!--\">", "<!-- > -->", "<?x <!-- ?>",
      "<!DOCTYPE a PUBLIC '' \"<![CDATA[\">",
    ] {
      let processor = read("\(start)<a\(attributes)/>")
      #expect(processor.error == BodyError(.limit, "xml: more than 256 attributes in an element"), "\(start)")
    }
    #expect(
      read("<a><![CDATA[<b\(attributes)]]>\(attributes)<!-- <b\(attributes) --><?p <b\(attributes)?></a>").error == nil)
    #expect(read("<a b='\(attributes.replacing("'", with: ""))'/>").error == nil)
  }

  @Test(arguments: [
    ("<a b=\"att", ["att"]), ("<a b='att", ["att"]), ("<a b='att'", ["att"]), ("<a b='att' ", ["att"]),
    ("<a b='att' c", ["att", ""]), ("<a b='att' c=", ["att", ""]), ("<a b='att'/", ["att"]), ("<a b='att'>x", ["att"]),
    ("<a b='att'><", ["att"]), ("<a b='att'></a", ["att"]),
  ])
  func seesTheTagThatBodiesBreakOffIn(_ body: String, _ expected: [String]) throws {
    let processor = read(body, truncated: true)
    #expect(processor.isTruncated)
    #expect(processor.error == nil, "\(processor.error?.message ?? "")")
    #expect(try find("//@*", in: processor) == expected)
  }

  @Test func seesTheTextThatBodiesBreakOffIn() throws {
    #expect(try find("/*", in: read("<a><b>text", truncated: true)) == ["text"])
    #expect(try find("/*", in: read("<a><b>x<![CDATA[te", truncated: true)) == ["xte"])
    #expect(read("<a></b>", truncated: true).error?.kind == .malformed)
    #expect(read("", truncated: true).error == nil)
  }

  @Test func readsOtherEncodings() throws {
    let latin = read("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a b=\"\u{e9}\">\u{e9}</a>")
    #expect(try find("/*", in: latin) == ["\u{c3}\u{a9}"])
    let text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a b=\"\u{20ac}\u{1f600}\">x</a>"
    for isBig in [true, false] {
      for mark in [[], [0xfeff as UInt16]] {
        let units = mark + Array(text.utf16)
        let bytes = units.flatMap { unit -> [UInt8] in
          let pair = [UInt8(truncatingIfNeeded: unit >> 8), UInt8(truncatingIfNeeded: unit)]
          return isBig ? pair : pair.reversed()
        }
        let processor = read(BodyTest.text(bytes))
        #expect(processor.error == nil, "\(processor.error?.message ?? "")")
        #expect(try find("//@*", in: processor) == [BodyTest.text("\u{20ac}\u{1f600}".utf8)])
      }
    }
    #expect(read("\u{fe}\u{ff}\u{d8}\0\0<").error?.message == "xml: invalid UTF-16")
    let utf7 = "<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADw-a/+AD4-"
    for body in [utf7, "\0\0\0<\0\0\0a", "\u{4c}\u{6f}\u{a7}\u{94}", "<\0\0\0"] {
      #expect(read(body).error?.kind == .unsupported, "\(body)")
    }
  }

  @Test func boundsDepthElementsAndBytes() {
    var limits = BodyLimits()
    limits.xmlDepth = 3
    #expect(read("<a><a><a/></a></a>", limits: limits).error == nil)
    #expect(read("<a><a><a><a/></a></a></a>", limits: limits).error?.message == "xml: more than 3 levels")
    #expect(read(String(repeating: "<a>", count: 500_000)).error?.kind == .limit)
    limits.xmlElements = 2
    #expect(read("<a><a/></a>", limits: limits).error == nil)
    #expect(read("<a><a/><a/></a>", limits: limits).error?.message == "xml: more than 2 elements")
    limits.storedBytes = 10
    #expect(read("<a>12345678901</a>", limits: limits).error?.message == "xml: more than 10 bytes")
  }

  @Test func costsNoMoreThanTheLengthOfTheBody() {
    let spaces = (0..<30_000).map { "<e xmlns:n\($0)='u' n\($0):a=''/>" }.joined()
    #expect(read("<a>\(spaces)</a>").error == nil)
    let body = BodyTest.bytes("<a b='" + String(repeating: "x", count: 300_000) + "'>x</a>")
    var processor = XMLProcessor()
    for byte in body { processor.received([byte].span) }
    processor.finished()
    #expect(processor.error == nil)
    #expect(processor.content.attributes.bytes.count == 300_001)
  }

  @Test func makesArgumentsOfLeaves() {
    let processor = read("<a><b>1</b><p:c xmlns:p='u'><d>2</d> x</p:c><b/><e>3<f/></e></a>")
    var store = FieldStore()
    #expect(processor.content.appendArguments(to: &store) == 0)
    #expect(BodyTest.list(store) == ["xml.a.b=1", "xml.a.c.d=2", "xml.a.b=", "xml.a.e.f="])
    var single = FieldStore()
    #expect(processor.content.appendArguments(to: &single, limits: BodyLimits(arguments: 1)) == 3)
    #expect(single.count == 1)
  }

  @Test func manyCanReadAtOnce() async {
    await withTaskGroup(of: Bool.self) { group in
      for number in 0..<16 {
        group.addTask {
          let outcome = BodyOutcome.xml([BodyTest.bytes("<a b='\(number)'>\(number)</a>")])
          return outcome.lines == ["attribute b=\(number)", "text \(number)", "false"]
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}

@Suite struct XPathSubsetTests {
  @Test(arguments: ["/*", "//@*", "/a", "//a", "/a/b/text()", "/a//b/@c", "//text()", "/a-b._c1", "/\u{e9}"])
  func takes(_ path: String) { #expect(throws: Never.self) { try XPathSubset(path) } }

  @Test(arguments: [
    "", "/", "//", "a", "*", "/a/", "/a//", "///a", "/a[1]", "/p:a", "//@p:a", "/a/..", "/.", "/a/text()/b", "/@a/b",
    "/@", "count(//a)", "/a|/b", "/a/node()", "/a b", "/1a", "/a/comment()", "/child::a",
    String(repeating: "/a", count: 31),
  ])
  func refuses(_ path: String) {
    #expect(throws: XPathError.self) { try XPathSubset(path) }
    do throws(XPathError) { _ = try XPathSubset(path) } catch {
      #expect("\(error)".hasPrefix("unsupported xpath `\(path)`"))
    }
  }
}
