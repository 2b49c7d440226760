import Proxy
import SluiceModel
import Testing
import Wire

@Suite struct RouteTableTests {
  private func route(_ name: String, _ matches: [RouteMatch], listeners: [String] = []) -> RouteConfiguration {
    var route = RouteConfiguration()
    route.name = name
    route.matches = matches
    route.listeners = listeners
    return route
  }

  private func match(
    host: String? = nil, path: PathMatch = .prefix("/"), method: String? = nil, headers: [HeaderMatch] = []
  ) -> RouteMatch {
    var match = RouteMatch()
    match.host = host
    match.path = path
    match.method = method
    match.headers = headers
    return match
  }

  private func find(
    _ routes: [RouteConfiguration], host: String = "a.example", path: String, method: String = "GET",
    fields: String = ""
  ) throws -> String? {
    let table = RouteTable(routes: routes, listener: "web")
    var head = RequestHead()
    let text = Array("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n".utf8)
    let isComplete = try head.parse(text.span, limits: HeadLimits())
    #expect(isComplete)
    let pathBytes = Array(text[head.pathRange])
    return table.match(host: Array(host.utf8), path: pathBytes.span, head: head, bytes: text.span).map {
      routes[$0.routeIndex].name
    }
  }

  @Test func prefixesMatchWholeSegments() throws {
    let routes = [route("api", [match(path: .prefix("/api"))])]
    #expect(try find(routes, path: "/api") == "api")
    #expect(try find(routes, path: "/api/") == "api")
    #expect(try find(routes, path: "/api/x?y") == "api")
    #expect(try find(routes, path: "/apix") == nil)
    #expect(try find([route("api", [match(path: .prefix("/api/"))])], path: "/api") == "api")
  }

  @Test func exactBeatsPrefixAndLongBeatsShort() throws {
    let routes = [
      route("all", [match()]), route("short", [match(path: .prefix("/a"))]),
      route("long", [match(path: .prefix("/a/b"))]),
      route("exact", [match(path: .exact("/a/b"))]),
    ]
    #expect(try find(routes, path: "/a/b") == "exact")
    #expect(try find(routes, path: "/a/b/c") == "long")
    #expect(try find(routes, path: "/a/x") == "short")
    #expect(try find(routes, path: "/z") == "all")
  }

  @Test func hostsComeFirst() throws {
    let routes = [
      route("any", [match(path: .exact("/x"))]), route("wild", [match(host: "*.example")]),
      route("wilder", [match(host: "*.b.example")]), route("exact", [match(host: "a.example")]),
    ]
    #expect(try find(routes, host: "a.example", path: "/x") == "exact")
    #expect(try find(routes, host: "c.example", path: "/x") == "wild")
    #expect(try find(routes, host: "c.b.example", path: "/x") == "wilder")
    #expect(try find(routes, host: "example", path: "/x") == "any")
    #expect(try find(routes, host: "example", path: "/y") == nil)
  }

  @Test func aMoreSpecificHostWithoutAMatchingRuleFallsBack() throws {
    let routes = [route("exact", [match(host: "a.example", path: .prefix("/only"))]), route("any", [match()])]
    #expect(try find(routes, path: "/other") == "any")
  }

  @Test func methodsAndHeadersRefine() throws {
    let routes = [
      route("plain", [match()]), route("method", [match(method: "POST")]),
      route("one", [match(headers: [HeaderMatch(name: "X-A", value: "1")])]),
      route("two", [match(headers: [HeaderMatch(name: "X-A", value: "1"), HeaderMatch(name: "X-B", value: "2")])]),
    ]
    #expect(try find(routes, path: "/") == "plain")
    #expect(try find(routes, path: "/", method: "POST") == "method")
    #expect(try find(routes, path: "/", fields: "x-a: 1\r\n") == "one")
    #expect(try find(routes, path: "/", fields: "x-b: 2\r\nX-A: 1\r\n") == "two")
    #expect(try find(routes, path: "/", fields: "x-a: 11\r\n") == "plain")
    #expect(try find(routes, path: "/", method: "post") == "plain")
  }

  @Test func orderDecidesLastAndListenersSeparate() throws {
    let routes = [
      route("elsewhere", [match()], listeners: ["other"]), route("first", [match()]), route("second", [match()]),
    ]
    #expect(try find(routes, path: "/") == "first")
  }
}
