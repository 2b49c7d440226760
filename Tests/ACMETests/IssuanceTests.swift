import ACME
import SluiceModel
import Testing

/// The way from a name to a certificate, on a server in memory.
@Suite struct IssuanceTests {
  let folder: TemporaryFolder
  let clock = TestClock(lasting: 3_000)
  let server: FakeServer

  init() throws {
    folder = try TemporaryFolder()
    server = FakeServer(clock: clock)
  }

  func status(_ configuration: ACMEConfiguration? = nil) async throws -> ACMEStatus.Certificate {
    let manager = try ACMEManager.make(configuration ?? ACMETests.configuration(folder), server, clock)
    return try await manager.running(clock) {
      let status = await manager.status()
      return try #require(status.certificates.first)
    }
  }

  @Test(arguments: ACMEChallengeKind.allCases) func ordersACertificate(_ kind: ACMEChallengeKind) async throws {
    let received = Received()
    let names = ["gate.plant.example", "hmi.plant.example"]
    let manager = try ACMEManager.make(
      configuration(folder, names: names, challenge: kind), server, clock, received: received)
    try await manager.running(clock) {
      let status = await manager.status()
      #expect(status.account == FakeServer.base + "/account/1")
      let certificate = try #require(status.certificates.first)
      #expect(certificate.state == .valid)
      #expect(certificate.lastError == nil)
      #expect(certificate.notAfter.map { $0 > clock.now() + 89 * 86_400 } == true)
    }
    let files = try #require(received.certificates.first)
    #expect(received.certificates.count == 1)
    #expect(files.names == names.sorted())
    #expect(server.everShown.map(\.host) == names)
    #expect(server.shown.isEmpty)
    #expect(server.everShown.allSatisfy { ($0.path != nil) == (kind == .http01) })
  }

  @Test func asksInTheRightOrder() async throws {
    _ = try await status()
    let name = "gate.plant.example"
    #expect(
      server.paths == [
        "/directory", "/nonce", "/account", "/orders", "/authorization/\(name)", "/proof/\(name)",
        "/authorization/\(name)", "/order", "/finalize", "/chain",
      ])
    let posts = server.seen.filter { $0.request.method == .post }
    #expect(posts.allSatisfy { $0.header["url"] == $0.request.url && $0.header["alg"] == "ES256" })
    #expect(Set(posts.map { $0.header["nonce"] }).count == posts.count)
    #expect(posts.first?.header["kid"] == nil)
    #expect(posts.dropFirst().allSatisfy { $0.header["kid"] == FakeServer.base + "/account/1" })
    #expect(posts.first?.payload.contains(#""contact":["mailto:ot@plant.example"]"#) == true)
    #expect(posts.last?.payload.isEmpty == true)
    #expect(posts.last?.request.accept == "application/pem-certificate-chain")
  }

  @Test func tellsWhyAnOrderFailed() async throws {
    server.instead { seen in
      guard seen.request.url.hasSuffix("/orders") else { return nil }
      return FakeServer.reply(
        [
          "status": "invalid", "finalize": "", "authorizations": ["x"],
          "identifiers": [["type": "dns", "value": "gate.plant.example"]], "error": ["detail": "not\nnow`"],
        ], status: 201, fields: ["location": FakeServer.base + "/order"])
    }
    let certificate = try await status()
    #expect(certificate.state == .missing)
    #expect(certificate.lastError == "the order failed at the server: not now'")
  }

  @Test func skipsWhatIsProvedAlready() async throws {
    server.instead { seen in
      if seen.request.url.contains("/authorization/") {
        return FakeServer.reply([
          "identifier": ["type": "dns", "value": "gate.plant.example"], "status": "valid", "challenges": [],
        ])
      }
      guard seen.request.url.hasSuffix("/order") else { return nil }
      return FakeServer.reply([
        "status": "ready", "finalize": FakeServer.base + "/finalize",
        "authorizations": [FakeServer.base + "/authorization/gate.plant.example"],
        "identifiers": [["type": "dns", "value": "gate.plant.example"]],
      ])
    }
    #expect(try await status().state == .valid)
    #expect(server.everShown.isEmpty)
  }

  @Test func repeatsAfterBadNonceAndGivesUpInTheEnd() async throws {
    server.instead { seen in
      seen.request.url.hasSuffix("/orders") && seen.header["nonce"].map { $0 < "nonce6" } == true
        ? FakeServer.problem("badNonce", status: 400) : nil
    }
    #expect(try await status().state == .valid)
    #expect(server.paths.filter { $0 == "/orders" }.count == 5)

    let other = FakeServer(clock: clock)
    other.instead { $0.request.method == .post ? FakeServer.problem("badNonce", status: 400) : nil }
    let failing = try await attempt(other)
    #expect(failing?.hasSuffix("no (badNonce)") == true)
    #expect(other.paths.filter { $0 == "/account" }.count == 9)
  }

  /// The error of one attempt.
  private func attempt(_ server: FakeServer) async throws -> String? {
    let folder = try TemporaryFolder()
    let clock = TestClock(lasting: 30)
    let manager = try ACMEManager.make(configuration(folder), server, clock)
    return try await manager.running(clock) { await manager.status().certificates.first?.lastError }
  }

  @Test func waitsAsLongAsTheServerSays() async throws {
    let finalized = Counter()
    server.instead { seen in
      guard seen.request.url.hasSuffix("/order"), finalized.next() < 3 else { return nil }
      return FakeServer.reply(
        [
          "status": "processing", "finalize": FakeServer.base + "/finalize",
          "authorizations": [FakeServer.base + "/authorization/gate.plant.example"],
          "identifiers": [["type": "dns", "value": "gate.plant.example"]],
        ], fields: ["retry-after": "37"])
    }
    #expect(try await status().state == .valid)
    #expect(clock.waits.filter { $0 == 37 }.count == 3)
  }

  @Test func passesOverAFewServerErrors() async throws {
    let count = Counter()
    server.instead { seen in
      seen.request.url.hasSuffix("/orders") && count.next() < 2 ? ACMEReply(status: 503) : nil
    }
    #expect(try await status().state == .valid)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    var path: String
    var reply: ACMEReply
    var error: String

    var testDescription: String { path + ": " + error }
  }

  static let refusals = [
    Refusal(
      path: "/directory", reply: ACMEReply(status: 200, body: Array("<html>".utf8)),
      error: "`\(FakeServer.directory)` is not the directory of an ACME server, check `acme.directory`"),
    Refusal(
      path: "/directory",
      reply: FakeServer.reply(["newNonce": "http://ca.example/n", "newAccount": "https://a", "newOrder": "https://o"]),
      error: "the server's URL of `newNonce`, `http://ca.example/n`, is not `https`"),
    Refusal(
      path: "/directory",
      reply: FakeServer.reply([
        "newNonce": "https://ca.example/n", "newAccount": "http://127.0.0.1/a", "newOrder": "https://o",
      ]),
      error: "the server's URL of `newAccount`, `http://127.0.0.1/a`, is not `https`"),
    Refusal(
      path: "/directory", reply: ACMEReply(status: 301, fields: ["location": "https://elsewhere.example"]),
      error: "the server answered the directory with status 301, and redirects are not followed"),
    Refusal(
      path: "/nonce", reply: ACMEReply(status: 200, fields: ["replay-nonce": "not a nonce"]),
      error: "the server gave no nonce in `Replay-Nonce`"),
    Refusal(
      path: "/account", reply: FakeServer.reply(["status": "valid"], status: 201),
      error: "the server gave the account no URL in `Location`"),
    Refusal(
      path: "/account",
      reply: FakeServer.reply(["status": "revoked"], fields: ["location": "https://ca.example/account/1"]),
      error: "the account is `revoked` at the server"),
    Refusal(
      path: "/orders", reply: FakeServer.problem("accountDoesNotExist", status: 400, detail: "who?"),
      error: "remove its `account.json`"),
    Refusal(
      path: "/orders",
      reply: FakeServer.reply(
        [
          "status": "pending", "finalize": "https://f", "authorizations": ["https://a"],
          "identifiers": [["type": "dns", "value": "other.example"]],
        ], fields: ["location": "https://ca.example/order"]),
      error: "the server's order is for other names than were ordered"),
    Refusal(
      path: "/authorization/gate.plant.example",
      reply: FakeServer.reply([
        "identifier": ["type": "dns", "value": "gate.plant.example"], "status": "pending",
        "challenges": [["type": "dns-01", "url": "https://c", "token": "t"]],
      ]),
      error: "the server does not take `http-01` for `gate.plant.example`, only: dns-01"),
    Refusal(
      path: "/authorization/gate.plant.example",
      reply: FakeServer.reply([
        "identifier": ["type": "dns", "value": "gate.plant.example"], "status": "pending",
        "challenges": [["type": "http-01", "url": "https://c", "token": "../../etc/passwd"]],
      ]),
      error: "the server's challenge for `gate.plant.example` has no proper token or URL"),
    Refusal(
      path: "/authorization/gate.plant.example",
      reply: FakeServer.reply([
        "identifier": ["type": "dns", "value": "gate.plant.example"], "status": "invalid",
        "challenges": [["type": "http-01", "error": ["detail": "connection refused", "type": "about:blank"]]],
      ]),
      error: "`gate.plant.example` was not proved by http-01: connection refused"),
    Refusal(
      path: "/finalize", reply: FakeServer.problem("badCSR", status: 400, detail: "weak"),
      error: "the server refused the signing request: weak (badCSR)"),
    Refusal(
      path: "/chain", reply: ACMEReply(status: 200, body: [0xff, 0xfe]),
      error: "the chain that came is not text in PEM"),
    Refusal(
      path: "/chain", reply: ACMEReply(status: 200, body: Array("-----BEGIN CERTIFICATE-----\nAAAA".utf8)),
      error: "the chain that came"),
  ]

  @Test(arguments: refusals) func saysWhatIsWrong(_ refusal: Refusal) async throws {
    server.instead { $0.request.url == FakeServer.base + refusal.path ? refusal.reply : nil }
    let error = try #require(try await attempt(server))
    #expect(error.contains(refusal.error))
    #expect(server.shown.isEmpty)
  }

  @Test func wantsTheTermsAgreedAndTheExternalAccount() async throws {
    server.instead { seen in
      guard seen.request.url.hasSuffix("/directory") else { return nil }
      return FakeServer.reply([
        "newNonce": FakeServer.base + "/nonce", "newAccount": FakeServer.base + "/account",
        "newOrder": FakeServer.base + "/orders",
        "meta": ["termsOfService": "https://ca.example/terms", "externalAccountRequired": true],
      ])
    }
    var wanted = configuration(folder)
    wanted.termsOfServiceAgreed = false
    #expect(try await status(wanted).lastError?.contains("`https://ca.example/terms`") == true)
    #expect(try await status().lastError?.contains("set `acme.externalAccount`") == true)
    #expect(!server.paths.contains("/account"))
    wanted.termsOfServiceAgreed = true
    wanted.externalAccount = ACMEExternalAccount(keyID: "kid-1", key: Secret("c2VjcmV0"))
    #expect(try await status(wanted).state == .valid)
  }

  @Test func endsAnOrderThatNeverFinishes() async throws {
    server.instead { seen in
      guard seen.request.url.hasSuffix("/order") || seen.request.url.hasSuffix("/finalize") else { return nil }
      return FakeServer.reply([
        "status": seen.request.url.hasSuffix("/order") && !seen.payload.isEmpty ? "ready" : "processing",
        "finalize": FakeServer.base + "/finalize",
        "authorizations": [FakeServer.base + "/authorization/gate.plant.example"],
        "identifiers": [["type": "dns", "value": "gate.plant.example"]],
      ])
    }
    let clock = TestClock(lasting: 910)
    let server = self.server
    let manager = try ACMEManager.make(configuration(folder), server, clock)
    try await manager.running(clock) {
      let certificate = try #require(await manager.status().certificates.first)
      #expect(certificate.lastError?.hasPrefix("the server did not finish within 15 minutes") == true)
      #expect(server.orders == 1)
      server.instead { _ in nil }
      await clock.advance(300)
      // The order is taken up again, not made anew.
      #expect(server.orders == 1)
      #expect(await manager.status().certificates.first?.state == .valid)
    }
  }

  @Test func ordersAnewWhenTheOldOrderIsGone() async throws {
    let gone = Counter()
    server.instead { seen in
      if seen.request.url.hasSuffix("/finalize"), gone.next() == 0 { return FakeServer.problem("x", status: 429) }
      if seen.request.url.hasSuffix("/order"), gone.value == 1 {
        _ = gone.next()
        return FakeServer.problem("malformed", status: 404)
      }
      return nil
    }
    #expect(try await status().state == .valid)
    #expect(server.orders == 2)
  }

  @Test func refusedContactsDoNotStopACertificate() async throws {
    _ = try await status()
    server.instead { $0.request.url.hasSuffix("/account/1") ? FakeServer.problem("invalidContact", status: 400) : nil }
    var changed = configuration(folder, names: ["other.plant.example"])
    changed.contact = ["mailto:new@plant.example"]
    #expect(try await status(changed).state == .valid)
    #expect(server.paths.contains("/account/1"))
  }

  @Test func tellsChangedContacts() async throws {
    _ = try await status()
    var changed = configuration(folder, names: ["other.plant.example"])
    changed.contact = []
    _ = try await status(changed)
    let update = try #require(server.seen.first { $0.request.url.hasSuffix("/account/1") })
    #expect(update.payload == #"{"contact":[]}"#)
    #expect(server.paths.filter { $0 == "/account" }.count == 1)
  }
}
