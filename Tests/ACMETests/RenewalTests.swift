import ACME
import SluiceModel
import Testing

/// When certificates are renewed, and what happens when that fails.
@Suite struct RenewalTests {
  static let day: Int64 = 86_400
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func isDueWithAThirdLeft() {
    #expect(RenewalSchedule.renewal(notBefore: 0, notAfter: 90 * Self.day, chance: 0) == 60 * Self.day)
    #expect(RenewalSchedule.renewal(notBefore: 0, notAfter: 90 * Self.day, chance: 1) == 57 * Self.day)
    #expect(RenewalSchedule.renewal(notBefore: 0, notAfter: 6 * Self.day, chance: 0) == 4 * Self.day)
    #expect(RenewalSchedule.renewal(notBefore: 5, notAfter: 5, chance: .nan) == 5)
  }

  @Test func backsOffFromAMinuteToSixHours() {
    let waits = (1...12).map { RenewalSchedule.backoff(failures: $0, retryAfterSeconds: nil, chance: 0.5) }
    #expect(waits == [60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 15_360, 21_600, 21_600, 21_600])
    #expect(RenewalSchedule.backoff(failures: .max, retryAfterSeconds: nil, chance: 0) == 19_440)
    #expect(RenewalSchedule.backoff(failures: 1, retryAfterSeconds: 3_600, chance: 0) == 3_600)
    #expect(RenewalSchedule.backoff(failures: 12, retryAfterSeconds: 5, chance: 0.5) == 21_600)
    #expect(RenewalSchedule.backoff(failures: 1, retryAfterSeconds: .max, chance: 0) == 7 * Self.day)
  }

  @Test func renewsInTime() async throws {
    let clock = TestClock(lasting: 30)
    let server = FakeServer(clock: clock)
    let received = Received()
    let manager = try ACMEManager.make(configuration(folder), server, clock, received: received)
    try await manager.running(clock) {
      #expect(server.orders == 1)
      await clock.advance(59 * Self.day)
      #expect(server.orders == 1)
      await clock.advance(2 * Self.day)
      #expect(server.orders == 2)
    }
    let chains = received.certificates.map(\.chain)
    #expect(chains.map { $0.suffix(14) } == ["0001/chain.pem", "0002/chain.pem"])
    #expect(Set(received.certificates.map(\.notAfter)).count == 2)
  }

  @Test func keepsTheOldOneWhileRenewalFails() async throws {
    let clock = TestClock(lasting: 30)
    let server = FakeServer(clock: clock)
    let received = Received()
    let manager = try ACMEManager.make(configuration(folder), server, clock, chance: 0.5, received: received)
    try await manager.running(clock) {
      server.instead { seen in
        seen.request.url.hasSuffix("/orders") ? FakeServer.problem("serverInternal", status: 500, detail: "ill") : nil
      }
      await clock.advance(60 * Self.day)
      let failing = try #require(await manager.status().certificates.first)
      #expect(failing.state == .failing)
      #expect(failing.failures > 3)
      #expect(failing.lastError == "the server refused the order: ill (serverInternal)")
      #expect(try ACMEManager.make(configuration(folder), server, clock).certificates == received.certificates)
      await clock.advance(31 * Self.day)
      #expect(await manager.status().certificates.first?.state == .expired)
      server.instead { _ in nil }
      await clock.advance(7 * 3_600)
      let well = try #require(await manager.status().certificates.first)
      #expect(well.state == .valid && well.failures == 0 && well.lastError == nil)
    }
    #expect(received.certificates.count == 2)
  }

  @Test func waitsAsLongAsALimitSays() async throws {
    let clock = TestClock(lasting: 3_000)
    let server = FakeServer(clock: clock)
    server.instead { seen in
      guard seen.request.url.hasSuffix("/orders") else { return nil }
      return FakeServer.problem("rateLimited", status: 429, fields: ["retry-after": "Fri, 15 Jan 2027 10:00:00 GMT"])
    }
    let manager = try ACMEManager.make(configuration(folder), server, clock)
    try await manager.running(clock) {
      // The clock starts at 08:00 on that day.
      let status = try #require(await manager.status().certificates.first)
      #expect(status.nextAttempt == TestClock.start + 7_200)
      #expect(server.paths.filter { $0 == "/orders" }.count == 1)
      await clock.advance(3_000)
      #expect(server.paths.filter { $0 == "/orders" }.count == 1)
      await clock.advance(1_300)
      #expect(server.paths.filter { $0 == "/orders" }.count == 2)
    }
  }

  @Test func oneThatFailsDoesNotHoldUpTheOther() async throws {
    let clock = TestClock(lasting: 30)
    let server = FakeServer(clock: clock)
    server.instead { seen in
      seen.payload.contains("bad.plant.example") ? FakeServer.problem("rejectedIdentifier", status: 400) : nil
    }
    var both = configuration(folder, names: ["bad.plant.example"])
    both.certificates.append(ACMECertificateConfiguration(names: ["good.plant.example"]))
    let manager = try ACMEManager.make(both, server, clock)
    let states = try await manager.running(clock) { await manager.status().certificates.map(\.state) }
    #expect(states == [.missing, .valid])
  }

  @Test func aCancelledAttemptCountsAsNoFailure() async throws {
    let clock = TestClock(lasting: 0)
    let server = FakeServer(clock: clock)
    let manager = try ACMEManager.make(configuration(folder), server, clock)
    try await manager.running(clock) {
      let status = try #require(await manager.status().certificates.first)
      #expect(status.state == .ordering)
      #expect(status.nextAttempt == nil)
      #expect(server.shown.count == 1)
    }
    #expect(server.shown.isEmpty)
    #expect(await manager.status().certificates.first?.failures == 0)
  }
}
