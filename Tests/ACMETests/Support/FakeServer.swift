import ACME
import Crypto
import Foundation
import SwiftASN1
import Synchronization
import Testing
import X509

/// A server in memory, quick and lenient: it says yes to whatever is asked in the right order. It can be told to answer a
/// request in another way. Certificates are real.
final class FakeServer: ACMETransport, ChallengeResponder, Sendable {
  static let base = "https://ca.example"
  static let directory = base + "/directory"

  struct Seen: Sendable {
    var request: ACMERequest
    /// The protected header, for POST.
    var header: [String: String]
    /// The payload as text, for POST.
    var payload: String
  }

  private struct State {
    var seen: [Seen] = []
    var nonces = 0
    var names: [String] = []
    var proved: Set<String> = []
    var orders = 0
    var chain = ""
    var shown: Set<Challenge> = []
    var everShown: [Challenge] = []
    var instead: @Sendable (Seen) -> ACMEReply? = { _ in nil }
    var lifetime: Int64 = 90 * 86_400
  }

  private let state = Mutex(State())
  private let clock: TestClock
  let authority = TestAuthority()

  init(clock: TestClock) { self.clock = clock }

  /// Answers in place of the server where it returns a reply.
  func instead(_ answer: @escaping @Sendable (Seen) -> ACMEReply?) { state.withLock { $0.instead = answer } }

  func issue(for seconds: Int64) { state.withLock { $0.lifetime = seconds } }

  var seen: [Seen] { state.withLock { $0.seen } }
  /// Paths of the requests so far.
  var paths: [String] { seen.map { String($0.request.url.dropFirst(Self.base.count)) } }
  var orders: Int { state.withLock { $0.orders } }
  var shown: Set<Challenge> { state.withLock { $0.shown } }
  var everShown: [Challenge] { state.withLock { $0.everShown } }

  func present(_ challenge: Challenge) async {
    state.withLock { state in
      state.shown.insert(challenge)
      state.everShown.append(challenge)
    }
  }

  func retract(_ challenge: Challenge) async { state.withLock { _ = $0.shown.remove(challenge) } }

  func shutdown() async {}

  func send(_ request: ACMERequest) async throws(ACMEError) -> ACMEReply {
    let message = (try? JSONDecoder().decode([String: String].self, from: Data(request.body))) ?? [:]
    let header = Self.json(message["protected"])
    let seen = Seen(
      request: request, header: header.compactMapValues { $0 as? String },
      payload: Self.text(message["payload"]))
    return state.withLock { state in
      state.seen.append(seen)
      var reply = state.instead(seen) ?? answer(seen, &state)
      guard request.method != .get else { return reply }
      state.nonces += 1
      if reply.fields["replay-nonce"] == nil { reply.fields["replay-nonce"] = "nonce\(state.nonces)" }
      return reply
    }
  }

  static func text(_ base64: String?) -> String {
    var plain = (base64 ?? "").replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    while !plain.count.isMultiple(of: 4) { plain += "=" }
    return Data(base64Encoded: plain).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  static func json(_ base64: String?) -> [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(text(base64).utf8)) as? [String: Any]) ?? [:]
  }

  static func reply(_ value: [String: Any], status: Int = 200, fields: [String: String] = [:]) -> ACMEReply {
    let body = (try? JSONSerialization.data(withJSONObject: value)) ?? Data()
    return ACMEReply(status: status, fields: fields, body: Array(body))
  }

  static func problem(_ type: String, status: Int, detail: String = "no", fields: [String: String] = [:]) -> ACMEReply {
    reply(["type": "urn:ietf:params:acme:error:" + type, "detail": detail], status: status, fields: fields)
  }

  private func answer(_ seen: Seen, _ state: inout State) -> ACMEReply {
    let path = String(seen.request.url.dropFirst(Self.base.count))
    switch path {
    case "/directory":
      return Self.reply([
        "newNonce": Self.base + "/nonce", "newAccount": Self.base + "/account", "newOrder": Self.base + "/orders",
      ])
    case "/nonce": return ACMEReply(status: 200)
    case "/account": return Self.reply(["status": "valid"], status: 201, fields: ["location": Self.base + "/account/1"])
    case "/account/1": return Self.reply(["status": "valid"])
    case "/orders":
      let request = (try? JSONSerialization.jsonObject(with: Data(seen.payload.utf8))) as? [String: Any]
      let identifiers = request?["identifiers"] as? [[String: String]] ?? []
      state.names = identifiers.compactMap { $0["value"] }
      state.proved = []
      state.orders += 1
      state.chain = ""
      return Self.order(state, status: 201)
    case "/order": return Self.order(state)
    case "/finalize":
      state.chain = authority.issue(finalize: seen.payload, now: clock.now(), seconds: state.lifetime)
      return Self.order(state)
    case "/chain": return ACMEReply(status: 200, body: Array(state.chain.utf8))
    default: return authorization(path, &state)
    }
  }

  private func authorization(_ path: String, _ state: inout State) -> ACMEReply {
    let parts = path.split(separator: "/")
    let name = String(parts.last ?? "")
    guard parts.count == 2, state.names.contains(name) else { return Self.problem("malformed", status: 404) }
    if parts[0] == "proof", state.shown.contains(where: { $0.host == name }) { state.proved.insert(name) }
    let status = state.proved.contains(name) ? "valid" : "pending"
    let challenges = ["http-01", "tls-alpn-01"].map { kind in
      ["type": kind, "status": status, "token": "token-\(name.count)", "url": Self.base + "/proof/" + name]
    }
    if parts[0] == "proof" { return Self.reply(challenges[0]) }
    return Self.reply([
      "identifier": ["type": "dns", "value": name], "status": status, "challenges": challenges,
    ])
  }

  private static func order(_ state: State, status: Int = 200) -> ACMEReply {
    let isReady = Set(state.names) == state.proved
    var order: [String: Any] = [
      "status": state.chain.isEmpty ? (isReady ? "ready" : "pending") : "valid", "finalize": base + "/finalize",
      "identifiers": state.names.map { ["type": "dns", "value": $0] },
      "authorizations": state.names.map { base + "/authorization/" + $0 },
    ]
    if !state.chain.isEmpty { order["certificate"] = base + "/chain" }
    return reply(order, status: status, fields: ["location": base + "/order"])
  }
}

/// A root that signs what it is given.
struct TestAuthority: Sendable {
  let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
  let name = try? DistinguishedName { CommonName("Test Root") }

  func certificate(
    for key: Certificate.PublicKey, names: [String], subject: DistinguishedName = DistinguishedName(),
    from: Int64, to: Int64, isAuthority: Bool = false
  ) throws -> Certificate {
    try Certificate(
      version: .v3, serialNumber: .init(), publicKey: key,
      notValidBefore: Date(timeIntervalSince1970: Double(from)), notValidAfter: Date(timeIntervalSince1970: Double(to)),
      issuer: name ?? subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(isAuthority ? BasicConstraints.isCertificateAuthority(maxPathLength: nil) : .notCertificateAuthority)
        if !names.isEmpty { SubjectAlternativeNames(names.map { .dnsName($0) }) }
      }, issuerPrivateKey: self.key)
  }

  /// The root itself.
  func root(from: Int64, to: Int64) throws -> Certificate {
    try certificate(
      for: key.publicKey, names: [], subject: name ?? DistinguishedName(), from: from, to: to, isAuthority: true)
  }

  static func pem(_ certificates: Certificate...) throws -> String {
    try certificates.map { try $0.serializeAsPEM().pemString + "\n" }.joined()
  }

  /// Leaf and root for the signing request in a finalization; empty when that is not well.
  func issue(finalize payload: String, now: Int64, seconds: Int64) -> String {
    do {
      let request = try JSONDecoder().decode([String: String].self, from: Data(payload.utf8))
      var plain = try #require(request["csr"])
        .replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
      while !plain.count.isMultiple(of: 4) { plain += "=" }
      let csr = try CertificateSigningRequest(derEncoded: Array(try #require(Data(base64Encoded: plain))))
      let listed = try csr.attributes.extensionRequest?.extensions.subjectAlternativeNames
      let names = (listed.map { Array($0) } ?? []).compactMap { name in
        if case .dnsName(let text) = name { text } else { nil }
      }
      let leaf = try certificate(for: csr.publicKey, names: names, from: now, to: now + seconds)
      return try Self.pem(leaf, try root(from: now - 86_400, to: now + 900 * 86_400))
    } catch {
      Issue.record("the signing request is wrong: \(error)")
      return ""
    }
  }
}
