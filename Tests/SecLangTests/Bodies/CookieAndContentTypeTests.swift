import SecLang
import Testing

@Suite struct CookieParserTests {
  @Test(arguments: [
    ("a=b; c=d", ["a=b", "c=d"]),
    ("a=b; c=d;; =x;  e ; f=g=h; i=%41 ;j", ["a=b", "c=d", "e =", "f=g=h", "i=%41 ", "j="]),
    ("a=b;", ["a=b"]),
    ("", []), (";", []), (" ", []), ("=", []), ("a=1;a=2", ["a=1", "a=2"]), ("\t a = b ;c", ["a = b ", "c="]),
    ("a=1 ;b=2 \t;", ["a=1 ", "b=2"]), ("a=1 ; ;", ["a=1 "]),
  ])
  func readsCookies(_ field: String, _ expected: [String]) {
    var store = FieldStore()
    #expect(CookieParser.parse(BodyTest.bytes(field).span, into: &store) == 0)
    #expect(BodyTest.list(store) == expected)
  }

  @Test func keepsNoMoreThanAllowed() {
    var store = FieldStore()
    let text = String(repeating: "a;", count: 100_000)
    #expect(CookieParser.parse(BodyTest.bytes(text).span, into: &store, limits: BodyLimits(arguments: 10)) == 99_990)
    #expect(store.count == 10)
  }
}

@Suite struct ContentTypeTests {
  private func type(_ text: String) -> ContentType { ContentType(BodyTest.bytes(text).span) }

  @Test func knowsTheKindsOfBodies() {
    #expect(type("application/x-www-form-urlencoded; charset=utf-8").isURLEncodedForm)
    #expect(type("Multipart/Form-Data;boundary=x").isMultipartForm)
    #expect(!type("multipart/mixed").isMultipartForm)
    for text in ["application/json", "text/json ;x", "application/problem+JSON"] { #expect(type(text).isJSON) }
    for text in ["application/xml", "text/xml; charset=x", "application/soap+xml"] { #expect(type(text).isXML) }
    for text in ["", "text/plain", "json", "+json", "application/jsonp"] {
      #expect(!type(text).isJSON)
      #expect(!type(text).isXML)
    }
    #expect(type("Text/HTML; charset=x").isOneOf(["text/plain", "text/html"]))
    #expect(!type("text/htm").isOneOf(["text/plain", "text/html"]))
  }

  @Test func readsParameters() {
    let value = type("text/html; a; Charset = \"UTF\\\"8\"x; b=c d ;;charset=latin1")
    #expect(value.parameter("charset").map { BodyTest.text($0) } == "UTF\"8")
    #expect(value.parameter("b").map { BodyTest.text($0) } == "c d")
    #expect(value.parameter("a") == nil)
    #expect(type("text/html").parameter("charset") == nil)
    #expect(type("text/html;charset=\"").parameter("charset") == [])
  }
}
