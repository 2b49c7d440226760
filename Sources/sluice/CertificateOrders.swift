import ACME
import Foundation
import Logging
import PKI
import Proxy
import SluiceModel

/// The certificates that the gate orders by itself: what is on disk, orders under way, proofs shown on the data path.
actor CertificateOrders: ChallengeResponder {
  /// What an ACME configuration begins with, before anything is sent.
  struct Plan: Sendable {
    fileprivate let manager: ACMEManager?
    let configuration: ACMEConfiguration?
    /// One for each certificate: from disk, or made up until it is there.
    let issued: [OrderedCertificate]
  }

  nonisolated let challenges = ChallengeTable()
  private let logger: Logger
  private var current: ACMEManager?
  private var running: Task<Void, Never>?
  private var install: (@Sendable (OrderedCertificate) async throws -> Void)?

  init(logger: Logger) { self.logger = logger }

  /// Reads the state on disk. One plan's orders may be under way at a time: call `stop` before.
  /// - Throws: `ACMEError` when the configuration or a file of the state is broken.
  nonisolated func plan(_ configuration: ACMEConfiguration?) throws -> Plan {
    guard let configuration else { return Plan(manager: nil, configuration: nil, issued: []) }
    let manager = try ACMEManager(
      configuration: configuration, challenges: self, logger: logger,
      onCertificate: { [weak self] files in await self?.arrived(files) })
    var issued: [OrderedCertificate] = []
    for certificate in configuration.certificates {
      guard let name = certificate.names.first else { continue }
      if let files = manager.certificates.first(where: { $0.name == name }) {
        issued.append(try Self.read(files))
      } else {
        issued.append(try Self.standIn(name, certificate.names))
      }
    }
    return Plan(manager: manager, configuration: configuration, issued: issued)
  }

  /// Orders and renews by the plan, until `stop`.
  func start(_ plan: Plan, install: @escaping @Sendable (OrderedCertificate) async throws -> Void) {
    guard let manager = plan.manager else { return }
    self.install = install
    current = manager
    running = Task { try? await manager.run() }
  }

  /// Ends what is under way; orders go on where they were with the next plan.
  func stop() async {
    running?.cancel()
    await running?.value
    running = nil
    current = nil
  }

  func status() async -> ACMEStatus? { await current?.status() }

  private func arrived(_ files: CertificateFiles) async {
    do {
      try await install?(Self.read(files))
      logger.notice("the certificate `\(files.name)` is new and in use")
    } catch {
      logger.error("the new certificate `\(files.name)` can't be used, the one before stays: \(error)")
    }
  }

  private static func read(_ files: CertificateFiles) throws -> OrderedCertificate {
    OrderedCertificate(
      name: files.name, chain: Array(try Data(contentsOf: URL(filePath: files.chain))),
      key: Array(try Data(contentsOf: URL(filePath: files.key))), file: files.chain)
  }

  /// Lets the listener serve, with a certificate that nobody trusts, until the real one is there.
  private static func standIn(_ name: String, _ names: [String]) throws -> OrderedCertificate {
    let now = Int64(Date().timeIntervalSince1970)
    let made = try SelfSignedCertificate(names: names, notBefore: now - 3_600, notAfter: now + 90 * 86_400)
    return OrderedCertificate(
      name: name, chain: Array(PEM.text(label: "CERTIFICATE", der: made.certificate).utf8),
      key: Array(PEM.text(label: "PRIVATE KEY", der: made.key).utf8), file: nil)
  }

  // MARK: ChallengeResponder

  func present(_ challenge: Challenge) {
    switch challenge {
    case .http01(_, _, let proof):
      if let path = challenge.path { challenges.present(path: path, body: proof) }
    case .tlsALPN01(let host, let certificate, let key):
      do {
        try challenges.present(host: host, certificate: certificate, key: key)
      } catch {
        logger.error("the proof for `\(host)` can't be shown: \(error)")
      }
    }
  }

  func retract(_ challenge: Challenge) {
    if let path = challenge.path { challenges.retract(path: path) } else { challenges.retract(host: challenge.host) }
  }
}
