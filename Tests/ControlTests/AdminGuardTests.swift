import HTTPTypes
import SluiceModel
import Testing

import Control

@Suite struct AdminGuardTests {
  static let loopback = AdminGuard(port: 9900, token: Secret("the-token"))

  private func status(
    _ guardian: AdminGuard, host: String?, path: String = "/v1/status", token: String? = "the-token",
    fields: [(String, String)] = [], authenticated: Bool = true
  ) throws -> Int {
    var head = HTTPRequest(method: .get, scheme: "http", authority: host, path: path)
    if let token { head.headerFields[.authorization] = "Bearer " + token }
    for (name, value) in fields { head.headerFields.append(HTTPField(name: try #require(.init(name)), value: value)) }
    do {
      try guardian.check(head, authenticated: authenticated)
      return 200
    } catch let problem as Problem {
      return problem.status
    }
  }

  @Test(arguments: ["localhost:9900", "127.0.0.1:9900", "[::1]:9900", "LOCALHOST:9900"])
  func admitsItsOwnNames(_ host: String) throws {
    #expect(try status(Self.loopback, host: host) == 200)
  }

  @Test(arguments: [
    "evil.example:9900", "localhost", "localhost:80", "127.0.0.1:99000", "127.0.0.1.evil.example:9900", "::1:9900",
    "127.0.0.2:9900", ":9900", "", "localhost:9900:9900", "user@localhost:9900",
  ]) func refusesOtherHosts(_ host: String) throws {
    #expect(try status(Self.loopback, host: host) == 421)
    #expect(try status(Self.loopback, host: host, authenticated: false) == 421)
  }

  @Test func wantsOneHostAndAPath() throws {
    #expect(try status(Self.loopback, host: nil) == 400)
    #expect(try status(Self.loopback, host: "localhost:9900", fields: [("Host", "localhost:9900")]) == 400)
    #expect(try status(Self.loopback, host: "localhost:9900", path: "*") == 400)
  }

  @Test(arguments: [
    ("http://localhost:9900", 200), ("http://127.0.0.1:9900", 200), ("https://localhost:9900", 403), ("null", 403),
    ("http://evil.example", 403), ("http://localhost:9901", 403), ("http://localhost", 403), ("", 403),
  ]) func checksOrigin(_ origin: String, _ expected: Int) throws {
    #expect(try status(Self.loopback, host: "localhost:9900", fields: [("Origin", origin)]) == expected)
  }

  @Test(arguments: [("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403), ("", 403)])
  func checksFetchSite(_ site: String, _ expected: Int) throws {
    #expect(try status(Self.loopback, host: "localhost:9900", fields: [("Sec-Fetch-Site", site)]) == expected)
    let socket = AdminGuard(port: nil, token: nil)
    #expect(try status(socket, host: "x", token: nil, fields: [("Sec-Fetch-Site", site)]) == expected)
  }

  @Test func wantsTheToken() throws {
    #expect(try status(Self.loopback, host: "localhost:9900", token: nil) == 401)
    #expect(try status(Self.loopback, host: "localhost:9900", token: "the-tokem") == 401)
    #expect(try status(Self.loopback, host: "localhost:9900", token: nil, authenticated: false) == 200)
    let basic = [("Authorization", "Basic the-token")]
    #expect(try status(Self.loopback, host: "localhost:9900", token: nil, fields: basic) == 401)
    let twice = [("Authorization", "Bearer the-token")]
    #expect(try status(Self.loopback, host: "localhost:9900", fields: twice) == 401)
  }

  @Test func socketTrustsItsFileModeButNoWebPage() throws {
    let socket = AdminGuard(port: nil, token: nil)
    #expect(try status(socket, host: "whatever", token: nil) == 200)
    #expect(try status(socket, host: nil, token: nil) == 200)
    #expect(try status(socket, host: "x", token: nil, fields: [("Origin", "http://localhost")]) == 403)
  }
}
