import Testing
import Wire

@Suite struct PathNormalizerTests {
  private func normalized(_ path: String) -> String? {
    HTTP1Properties.normalized(latin1(path)).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    ("", ""), ("/", "/"), ("*", "*"), ("/a/b", "/a/b"), ("/a/b/", "/a/b/"), ("//", "/"), ("///a//b///", "/a/b/"),
    ("/.", "/"), ("/./", "/"), ("/a/.", "/a/"), ("/a/./b", "/a/b"), ("/a/..", "/"), ("/a/../", "/"), ("/a/../b", "/b"),
    ("/a/b/c/../../d", "/a/d"), ("/a//../b", "/b"), ("/a/.//../b", "/b"), ("/a/b/..", "/a/"),
    ("/...", "/..."), ("/..a", "/..a"), ("/a..", "/a.."),
    ("/.a/..b/c.", "/.a/..b/c."), ("/%2e", "/"), ("/a/%2E%2e/b", "/b"), ("/a/.%2e/b", "/b"), ("/a/%2e/b", "/a/b"),
    ("/%41%7a%30%2d%5F%7E", "/Az0-_~"), ("/a%2Fb", "/a%2Fb"), ("/a%2fb", "/a%2Fb"), ("/a%5cb", "/a%5Cb"),
    ("/%c3%a9", "/%C3%A9"), ("/%25", "/%25"), ("/%252e%252e/", "/%252e%252e/"), ("/%2541", "/%2541"),
    ("/a%3bb;c", "/a%3Bb;c"), ("/a;x/../b", "/b"), ("/...;", "/...;"), ("/a%2F/b", "/a%2F/b"), ("/a%2F//b", "/a%2F/b"),
    ("/a%2Fb/../c", "/c"), ("/%2F", "/%2F"), ("/%20", "/%20"), ("/%3f%23", "/%3F%23"),
  ])
  func hasANormalForm(path: String, form: String) {
    #expect(normalized(path) == form)
    #expect(normalized(form) == form)
  }

  @Test(arguments: [
    "/%", "/%4", "/%zz", "/%4z", "/a%", "/a%2", "/%00", "/a%00b", "/%%34", "/..", "/../", "/../a", "/a/../..", "/./..",
    "/a/../../b", "/%2e%2e/", "//..", "a", "a/../b", "../", "**", "%2fa", "/..%2Fa", "/a/..%2f", "/a/%2e%2e%5cb",
    "/a%2F..", "/a%2F../b", "/a%2F./b", "/a%5c%2e%2e/b", "/.%2Fa", "/a/..;/b", "/a/..;x=1/b", "/a/.;/b", "/%2e%2e;/",
    "/a%2F..;/b",
  ])
  func refuses(path: String) {
    #expect(normalized(path) == nil)
  }

  @Test func readsARangeAndAppends() throws {
    var out = latin1("GET ")
    let bytes = latin1("xx/a/./bxx")
    try PathNormalizer.normalize(bytes.span, 2..<8, into: &out)
    #expect(text(out) == "GET /a/b")
  }

  @Test func leavesAloneWhatWasThere() {
    var out = latin1("/keep/")
    let bytes = latin1("/../x")
    var failure: HeadError?
    do throws(HeadError) { try PathNormalizer.normalize(bytes.span, 0..<5, into: &out) } catch { failure = error }
    #expect(failure == HeadError(.malformedTarget))
    #expect(text(out).hasPrefix("/keep/"))
  }
}
