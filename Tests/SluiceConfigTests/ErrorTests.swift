import SluiceModel
import Testing

import SluiceConfig

@Suite struct ErrorTests {
  @Test func unknownKeysNameTheNearest() {
    #expect(
      errors("listenrs: []\n") == [
        "sluice.yaml:1:1: unknown key `listenrs`\n  hint: did you mean `listeners`?"
      ])
    #expect(
      errors("zones: [{ name: a, colour: red }]\n") == [
        "sluice.yaml:1:20: unknown key `colour`\n  hint: a zone has `name`, `purdue`, `parent` and `networks`"
      ])
    #expect(
      errors(listener("filters: [{ header: {} }]")).first?.contains(
        "unknown key `header`\n  hint: did you mean `headers`?")
        == true)
  }

  @Test func severalErrorsComeAtOnceInOrder() {
    let text = """
      runtime: { loops: many, industrialLoops: 0 }
      listeners:
        - { name: web, address: nowhere, protocol: htp }
      blurb: 1
      """
    #expect(
      errors(text) == [
        "sluice.yaml:1:19: `many` is no whole number\n  hint: write a number from 1 to 1024",
        "sluice.yaml:1:42: `0` is out of range\n  hint: write a number from 1 to 64",
        "sluice.yaml:3:27: address `nowhere` has no port\n  hint: write `ADDRESS:PORT` or `unix:PATH`",
        "sluice.yaml:3:46: unknown value `htp`\n  hint: did you mean `http`?",
        "sluice.yaml:4:1: unknown key `blurb`\n  hint: a configuration has `include`, `admin`, `runtime`, `logs`, "
          + "`listeners`, `pools`, `routes`, `assets`, `zones`, `policies`, `entities` and `acme`",
      ])
  }

  @Test func errorsAreBounded() throws {
    let text = "zones:\n" + String(repeating: "  - { name: '' }\n", count: 200)
    let failure = #expect(throws: ConfigurationErrors.self) { try load(text) }
    #expect(failure?.issues.count == 50)
    #expect(failure?.omitted == 150)
    #expect(failure?.description.hasSuffix("\nand 150 more") == true)
  }

  @Test func pathNamesTheValue() {
    let failure = #expect(throws: ConfigurationErrors.self) { try load(listener("limits: { connections: x }")) }
    #expect(failure?.issues.first?.path == "listeners[0].limits.connections")
    #expect(failure?.issues.first?.severity == .error)
  }

  @Test func neededKeys() {
    #expect(
      errors("listeners: [{ name: web }]") == [
        "sluice.yaml:1:13: a listener needs `address`\n  hint: an IP address and port, "
          + "such as `0.0.0.0:8080` or `[::]:8080`, or `unix:PATH`",
        "sluice.yaml:1:13: a listener needs `protocol`\n  hint: `http` and `https` are routed, `tcp` is relayed to a "
          + "pool, `tls` is passed on by the server name without being decrypted, `modbus` is Modbus TCP in front of an "
          + "asset",
      ])
  }

  @Test func exactlyOneActionOfARoute() {
    #expect(
      errors(route("listeners: [web]")) == [
        "sluice.yaml:4:5: a route needs one of `pool`, `pools`, `redirect` or `respond`"
      ])
    #expect(
      errors(route("pool: p, redirect: { path: / }")) == [
        "sluice.yaml:4:25: `redirect` can't stand beside `pool`\n"
          + "  hint: a route has exactly one of `pool`, `pools`, `redirect` or `respond`"
      ])
    #expect(
      errors(route("pool: p, matches: [{ path: { exact: /a, prefix: /b } }]")).first?.contains(
        "`prefix` can't stand beside `exact`") == true)
  }

  @Test func notAvailableYet() {
    #expect(
      errors("zones: []\nwaf: {}\n") == [
        "sluice.yaml:2:1: unknown key `waf`\n  hint: a configuration has `include`, `admin`, `runtime`, `logs`, "
          + "`listeners`, `pools`, `routes`, `assets`, `zones`, `policies`, `entities` and `acme`"
      ])
    #expect(
      errors(listener("filters: [{ rateLimit: {} }]")).first?.contains(
        "`rateLimit` is not available in this version") == true)
  }

  @Test(arguments: [
    ("listeners: {}", "expected a list, found a map"),
    ("listeners:", "expected a list, found no value"),
    ("listeners: web", "expected a list, found a single value"),
    ("listeners: [web]", "expected a map for a listener, found a single value"),
    ("admin: []", "expected a map for an admin API, found a list"),
    ("- a", "expected a map of keys, found a list"),
    ("justtext", "expected a map of keys, found a single value"),
    ("logs: { access: nowhere }", "unknown value `nowhere`\n  hint: write `stdout`, `off` or `{ path: FILE }`"),
    ("logs: { level: verbose }", "unknown value `verbose`"),
    ("logs: { decisions: { onError: detect } }", "unknown value `detect`\n  hint: write one of `allow` or `deny`"),
    ("zones: [{ name: -a }]", "`-a` is no name"),
    ("zones: [{ name: \(String(repeating: "a", count: 64)) }]", "is no name"),
    ("admin: { address: 0.0.0.0:9900 }", "admin address `0.0.0.0:9900` can be reached from other machines"),
    ("admin: { address: '[::]:9900' }", "can be reached from other machines"),
    ("admin: { tokenFile: '' }", "`` is no file path"),
    ("logs: { access: { path: \"a\\0b\" } }", "is no file path"),
  ])
  func wrongShapes(_ text: String, _ message: String) {
    let found = errors(text).joined(separator: "\n")
    #expect(found.contains(message), "\(found)")
  }

  @Test(arguments: [
    (
      "pool: p, matches: [{ host: App.example }]",
      "host `App.example` is not in lower case\n  hint: write `app.example`"
    ),
    ("pool: p, matches: [{ host: 'a.example:80' }]", "host `a.example:80` has a port\n  hint: write the name alone"),
    ("pool: p, matches: [{ host: 'a..b' }]", "`a..b` is no host name"),
    ("pool: p, matches: [{ host: '*' }]", "`*` is no host name"),
    ("pool: p, matches: [{ host: 'a.*.b' }]", "`a.*.b` is no host name"),
    ("pool: p, matches: [{ host: -a.b }]", "`-a.b` is no host name"),
    ("pool: p, matches: [{ path: { prefix: api } }]", "path `api` does not begin with `/`\n  hint: write `/api`"),
    ("pool: p, matches: [{ path: { exact: /a?b } }]", "path `/a?b` has a query"),
    ("pool: p, matches: [{ path: { exact: '/a b' } }]", "must be percent-encoded"),
    ("pool: p, matches: [{ method: get }]", "methods are in capitals, found `get`\n  hint: write `GET`"),
    ("pool: p, matches: [{ method: 'G T' }]", "`G T` is no method"),
    ("pool: p, matches: [{ headers: { 'X Y': a } }]", "`X Y` is no header name"),
    ("pool: p, matches: []", "an empty list"),
    ("pool: p, rewrite: {}", "a rewrite needs one of `host` or `path`"),
    ("pool: p, rewrite: { host: '*.a' }", "`*.a` is no host\n  hint: `*.` can't stand here"),
    ("redirect: { path: / }, rewrite: { path: / }", "`rewrite` has no effect on a route that forwards nothing"),
    ("redirect: {}", "a redirect needs one of `scheme`, `host`, `port` or `path`"),
    ("redirect: { path: /, status: 200 }", "`200` is no status of a redirect"),
    ("redirect: { scheme: ftp }", "unknown value `ftp`\n  hint: write `http` or `https`"),
    ("respond: { status: 100 }", "`100` is out of range\n  hint: write a number from 200 to 599"),
    ("respond: { status: 204, body: x }", "a reply with status 204 has no body"),
    ("respond: { contentType: \"a\\nb\" }", "header value `a\\nb` has a line break or another control character"),
    ("pools: [{ pool: p, weight: 0 }]", "all pools have weight 0, so none is ever chosen"),
    ("pools: [{ pool: p }, { pool: p }]", "pool `p` stands twice in the route"),
    ("pools: []", "an empty list"),
    ("pool: p, timeouts: { request: 0s }", "duration `0s` is out of range"),
    ("pool: p, retries: 11", "`11` is out of range"),
    ("pool: p, filters: [{}]", "a filter needs one of `headers`, `addresses`"),
    ("pool: p, filters: [{ addresses: { allow: [1.1.1.1] }, bodyLimits: { reply: 1B } }]", "can't stand beside"),
    ("pool: p, filters: [{ addresses: { allow: [10.0.0.1/8] } }]", "`10.0.0.1/8` is no address or block of addresses"),
    ("pool: p, filters: [{ addresses: { allow: [] } }]", "an empty list"),
    ("pool: p, filters: [{ headers: { set: { Host: a } } }]", "header `Host` belongs to the gate and can't be changed"),
    ("pool: p, filters: [{ headers: { add: { content-length: 1 } } }]", "header `content-length` belongs to the gate"),
    ("pool: p, filters: [{ headers: { replyRemove: [Transfer-Encoding] } }]", "belongs to the gate"),
    (
      "pool: p, filters: [{ headers: { set: { X-A: \"a\\r\\nb: c\" } } }]",
      "header value `a\\r\\nb: c` has a line break"
    ),
    ("pool: p, filters: [{ headers: { set: { X-A: \"a\\0\" } } }]", "has a line break or another control character"),
    ("pool: p, filters: [{ headers: { set: { X-A: 1, x-a: 2 } } }]", "header `x-a` is set twice"),
    ("pool: p, filters: [{ headers: { set: [X-A] } }]", "expected a map of header names and values, found a list"),
    ("pool: p, filters: [{ operations: { allow: [] } }]", "filter `operations` can't stand on a route"),
    ("pool: p, filters: [{ contentDigest: { maximumBody: 1GiB } }]", "is out of range"),
  ])
  func wrongRoutes(_ keys: String, _ message: String) {
    let found = errors(route(keys)).joined(separator: "\n")
    #expect(found.contains(message), "\(found)")
  }

  @Test func suggestionsAreNotFarFetched() {
    #expect(nearest("conections", in: ["connections", "filters"]) == "connections")
    #expect(nearest("nmae", in: ["name", "note"]) == "name")
    #expect(nearest("xyz", in: ["name"]) == nil)
    #expect(nearest("", in: ["name"]) == nil)
    #expect(nearest(String(repeating: "a", count: 100_000), in: ["name"]) == nil)
    #expect(editDistance(Array("kitten".unicodeScalars), Array("sitting".unicodeScalars)) == 3)
  }

  @Test func userInputIsShownOnOneLine() {
    #expect(quoted("a\nb\u{1b}[31m\u{202e}") == "`a\\nb\\u{1b}[31m\\u{202e}`")
    #expect(quoted(String(repeating: "x", count: 500)) == "`" + String(repeating: "x", count: 80) + "…`")
  }
}
