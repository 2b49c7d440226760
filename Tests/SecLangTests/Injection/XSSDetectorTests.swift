import SecLang
import Testing

@Suite struct XSSDetectorTests {
  private func isAttack(_ value: String) -> Bool { isAttack(Array(value.utf8)) }
  private func isAttack(_ value: [UInt8]) -> Bool { XSSDetector.isAttack(value.span) }

  @Test(arguments: [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' style='x", "<svg/onload=alert(1)>", "<!-- ` -->",
    "<a href=\"java&#115;cript:alert(1)\">", "<a href=\" \u{1}view-source:x\">", "<!--[if gte IE 4]>", "<!doctype x>",
    "<x xmlns=y>", "<set attributename=href to=data:x>", "<i\0frame>", "x onfocus = 1", "` style=x", "<?import x>",
    "<xslt x>",
    "<a href=\"&#x0a;d&#x61;ta:x\">", "<!ENTITY x>", "<a href=&#x144;ata:x>",
  ])
  func attacksAreFound(_ value: String) {
    #expect(isAttack(value))
  }

  @Test(arguments: [
    "", "laptop", "a < b and c > d", "name=value&other=1", "<b>bold</b> text", "<a href=\"https://a.b/c?d=e\">link</a>",
    "1 <= 2",
    "<!-- comment -->", "</script>", "<![CDATA[ <script> ]]>", "x = y", "on=1", "<a title=onload>", "<3 you", "<", "<!",
    "<a", "&#",
    "<p class='x' id=y>", "/shop?category=books&page=3", "<a href=&#>", "<a href=&#x", "<a href=&#1048832;data:>",
  ])
  func textIsNone(_ value: String) {
    #expect(!isAttack(value))
  }

  @Test func everyByteMayStandAnywhere() {
    for byte in UInt8.min...UInt8.max {
      #expect(!isAttack([byte]), "byte \(byte)")
      for text in ["<", "<!-", "<a ", "<a b=", "'", "<a href=&#"] {
        _ = isAttack(Array(text.utf8) + [byte])
      }
    }
  }

  /// 0xFF among the attributes ended the value for the library, whose signed bytes made an end of it.
  @Test func theByteThatIsTheEnd() {
    #expect(!isAttack(Array("<a ".utf8) + [0xFF] + Array(" onload=x>".utf8)))
    #expect(isAttack(Array("<a ".utf8) + [0xFE] + Array(" onload=x>".utf8)))
  }

  /// A quarter of a megabyte of what makes a careless tokenizer begin again and again.
  @Test(arguments: [
    "<", "<a ", "</", "<!", "<!--", "-", "--!", "-\0", "<!---\0", "<![CDATA[", "]", "]]", "<%", "%", "<?", "<!a>",
    "<!---->", "<%%>", "<?>", "</>", "</1>", "<a>", "<a b>", "<a b='c'>", "a=", "a='",
    "=", "='", "=\"", "=`", "/",
    "/ ", "href=&#", "href=&#0;", "<a href=&#x0", "<a b=c>", "\0", "<\0", "`'\"",
  ])
  func longValuesAreReadOnce(_ unit: String) {
    let unit = Array(unit.utf8)
    var value: [UInt8] = []
    while value.count < 1 << 18 { value += unit }
    _ = isAttack(value)
    value += Array("'\"`<=".utf8)
    _ = isAttack(value)
  }

  /// Recorded from libinjection 3.9.2, so that the verdicts can't change where that library is missing.
  @Test func verdictsAreTheRecordedOnes() {
    var mutator = InjectionMutator.recordedHTML
    var digest = VerdictDigest()
    for _ in 0..<VerdictDigest.recordedCount {
      digest.add(isAttack(mutator.next()) ? "attack" : nil)
    }
    #expect(digest.value == VerdictDigest.recordedHTML)
  }
}
