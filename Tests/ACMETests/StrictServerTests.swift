import ACME
import Foundation
import SluiceModel
import Testing

/// The whole way over the network, against a server that checks everything.
@Suite(
  .enabled(if: StrictServer.isThere, "set PYTHON to one that has `cryptography`"), .timeLimit(.minutes(1)))
struct StrictServerTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  struct Outcome {
    var status: ACMEStatus.Certificate
    /// After the second span of time.
    var later: ACMEStatus.Certificate
    var certificates: [CertificateFiles]
    /// What the server found wrong.
    var complaints: [String]
  }

  /// What becomes of one certificate within a span of time, and within a second one.
  func order(
    _ arguments: [String] = [], names: [String] = ["gate.plant.example"], challenge: ACMEChallengeKind = .http01,
    lasting seconds: Int64 = 30, thenLasting more: Int64 = 0, change: (inout ACMEConfiguration) -> Void = { _ in }
  ) async throws -> Outcome {
    let listener = try await ChallengeListener()
    let server = try await StrictServer(folder, listener, arguments)
    let clock = TestClock(now: Int64(Date().timeIntervalSince1970), lasting: seconds)
    let received = Received()
    var wanted = configuration(folder, names: names, challenge: challenge, directory: server.ready.directory)
    wanted.ca = server.ready.ca
    change(&wanted)
    let manager = try ACMEManager(
      configuration: wanted, challenges: listener, clock: clock, random: { 0 }, logger: quiet,
      onCertificate: { received.add($0) })
    let (status, later) = try await manager.running(clock) {
      let status = try #require(await manager.status().certificates.first)
      if more > 0 { await clock.advance(more) }
      return (status, try #require(await manager.status().certificates.first))
    }
    #expect(listener.isEmpty)
    let complaints = try await Self.complaints(server)
    server.program.stop()
    await listener.close()
    return Outcome(status: status, later: later, certificates: received.certificates, complaints: complaints)
  }

  private static func complaints(_ server: StrictServer) async throws -> [String] {
    let transport = try HTTPTransport(ca: server.ready.ca)
    let url = server.ready.directory.replacingOccurrences(of: "/directory", with: "/test/log")
    let reply = try await transport.send(ACMERequest(method: .get, url: url))
    await transport.shutdown()
    let log = try JSONDecoder().decode([[String: String]].self, from: Data(reply.body))
    return log.compactMap { $0["outcome"] }.filter { $0 != "ok" }
  }

  @Test(arguments: ACMEChallengeKind.allCases) func issues(_ challenge: ACMEChallengeKind) async throws {
    let names = ["gate.plant.example", "hmi.plant.example"]
    let outcome = try await order(names: names, challenge: challenge)
    #expect(outcome.status.state == .valid, "\(outcome.status)")
    #expect(outcome.certificates.map(\.names) == [names])
    #expect(outcome.complaints.isEmpty)
  }

  @Test func agreesAndBindsAnExternalAccount() async throws {
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    let outcome = try await order([
      "--terms", "https://ca.example/terms", "--external", "kid-7=\(key)", "--fault", "bad-nonce=2",
    ]) { $0.externalAccount = ACMEExternalAccount(keyID: "kid-7", key: Secret(key)) }
    #expect(outcome.status.state == .valid, "\(outcome.status)")
    #expect(outcome.complaints.allSatisfy { $0.hasPrefix("badNonce: the nonce is refused for a test") })
    #expect(!outcome.complaints.isEmpty)
  }

  @Test func aWrongExternalKeyIsRefused() async throws {
    let outcome = try await order(["--external", "kid-7=c2VjcmV0"]) {
      $0.externalAccount = ACMEExternalAccount(keyID: "kid-7", key: Secret("b3RoZXI="))
    }
    #expect(
      outcome.status.lastError
        == "the server refused the registration of the account: the binding's signature is wrong (unauthorized)")
  }

  /// What the server does, and what the first attempt says of it; nil when it succeeds all the same.
  static let faults: [(fault: String, error: String?)] = [
    ("bad-nonce=3", nil), ("pending=4", nil), ("processing=3", nil), ("error-500=2", nil),
    ("rate-limit=1", "too many orders for a test (rateLimited)"),
    ("invalid=1", "`gate.plant.example` was not proved by http-01: found wrong for a test (unauthorized)"),
    ("error-500=9", "broken for a test (serverInternal)"), ("truncate=1", "was not reached"),
    ("wrong-chain=1", "`CN=Test Issuer` did not sign"), ("wrong-key=1", "for another key than ours"),
    ("wrong-names=1", "is not for `gate.plant.example`"), ("redirect=1", "redirects are not followed"),
    ("huge=1", "is longer than 262144 bytes"), ("garbage=1", "is not JSON as it should be"),
  ]

  /// An attempt after the fault succeeds in any case.
  @Test(arguments: faults) func seesAndRecovers(_ fault: String, _ error: String?) async throws {
    let outcome = try await order(["--fault", fault], lasting: 45, thenLasting: 4_000)
    if let error {
      #expect(outcome.status.lastError?.contains(error) == true, "\(outcome.status)")
      #expect(outcome.status.state == .missing)
    } else {
      #expect(outcome.status.state == .valid, "\(outcome.status)")
    }
    #expect(outcome.later.state == .valid, "\(outcome.later)")
    #expect(outcome.certificates.count == 1)
  }

  @Test func anOrderThatIsGoneIsMadeAnew() async throws {
    let outcome = try await order(["--fault", "not-found=1"], lasting: 45, thenLasting: 4_000)
    #expect(outcome.later.state == .valid, "\(outcome.later)")
  }

  /// Shows proofs for another account's key.
  struct Forger: ChallengeResponder {
    let listener: ChallengeListener

    func present(_ challenge: Challenge) async { if let forged = forged(challenge) { await listener.present(forged) } }
    func retract(_ challenge: Challenge) async {}

    func forged(_ challenge: Challenge) -> Challenge? {
      switch challenge {
      case .http01(let host, let token, _):
        .http01(host: host, token: token, keyAuthorization: AccountKey().keyAuthorization(for: token))
      case .tlsALPN01(let host, _, _):
        try? .tlsALPN01(
          host: host, keyAuthorization: AccountKey().keyAuthorization(for: "x"),
          now: Int64(Date().timeIntervalSince1970))
      }
    }
  }

  @Test(arguments: [
    (ACMEChallengeKind.http01, "the key authorization of gate.plant.example is wrong"),
    (.tlsALPN01, "the digest in acmeIdentifier is wrong"),
  ]) func aForgedProofIsSeen(_ kind: ACMEChallengeKind, _ reason: String) async throws {
    let listener = try await ChallengeListener()
    let server = try await StrictServer(folder, listener)
    let clock = TestClock(now: Int64(Date().timeIntervalSince1970), lasting: 30)
    var wanted = configuration(folder, challenge: kind, directory: server.ready.directory)
    wanted.ca = server.ready.ca
    let manager = try ACMEManager(
      configuration: wanted, challenges: Forger(listener: listener), clock: clock, logger: quiet,
      onCertificate: { _ in })
    let status = try await manager.running(clock) { await manager.status().certificates.first }
    #expect(
      status?.lastError == "`gate.plant.example` was not proved by \(kind.rawValue): \(reason) (unauthorized)")
    await listener.close()
  }

  @Test func aStuckOrderEndsTheAttempt() async throws {
    let outcome = try await order(["--fault", "processing=-1"], lasting: 930)
    #expect(outcome.status.lastError?.hasPrefix("the server did not finish within 15 minutes") == true)
    #expect(outcome.complaints.isEmpty)
  }

  @Test func aReplyThatDripsIsCutOff() async throws {
    let listener = try await ChallengeListener()
    let server = try await StrictServer(folder, listener, ["--fault", "drip=1"])
    let transport = try HTTPTransport(ca: server.ready.ca, timeout: .seconds(1))
    let request = ACMERequest(method: .get, url: server.ready.directory)
    let error = await #expect(throws: ACMEError.self) { try await transport.send(request) }
    #expect(error?.message.hasSuffix("did not come within 1.0 seconds") == true)
    #expect(try await transport.send(request).status == 200)
    await transport.shutdown()
    await listener.close()
  }

  @Test func aServerOfAnotherAuthorityIsNotTrusted() async throws {
    let outcome = try await order { $0.ca = nil }
    #expect(outcome.status.lastError?.contains("was not reached") == true)
    #expect(outcome.complaints.isEmpty)
  }

  @Test func speaksPlainHTTPOnLoopback() async throws {
    let listener = try await ChallengeListener()
    let server = try await StrictServer(folder, listener, ["--plain"])
    let clock = TestClock(now: Int64(Date().timeIntervalSince1970), lasting: 30)
    #expect(server.ready.directory.hasPrefix("http://127.0.0.1:"))
    let manager = try ACMEManager(
      configuration: configuration(folder, directory: server.ready.directory), challenges: listener, clock: clock,
      logger: quiet, onCertificate: { _ in })
    let status = try await manager.running(clock) { await manager.status().certificates.first }
    #expect(status?.state == .valid)
    await listener.close()
  }
}
