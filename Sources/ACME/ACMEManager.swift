public import Logging
import NIOSSL
public import SluiceModel

/// Gets and renews the certificates of a configuration. One attempt runs at a time; a certificate stays in force until its
/// successor is on disk.
public actor ACMEManager {
  /// What is known of one certificate.
  struct Entry {
    var certificate: ACMECertificateConfiguration
    var name: String
    var files: CertificateFiles?
    var nextAttempt: Int64
    var failures = 0
    var lastError: String?
    var isUnderWay = false
  }

  /// The longest sleep: the time of day may be set meanwhile.
  static let longestSleepSeconds: Int64 = 3_600

  let configuration: ACMEConfiguration
  let challenges: any ChallengeResponder
  let clock: any ACMEClock
  let random: @Sendable () -> Double
  let logger: Logger
  let onCertificate: @Sendable (CertificateFiles) async -> Void
  let state: StateFolder
  private let givenTransport: (any ACMETransport)?
  private let tls: TLSConfiguration
  var session: Session
  var entries: [Entry]

  /// What was on disk at the start: what listeners begin with. In the order of the configuration; certificates that are
  /// still to come are left out.
  public nonisolated let certificates: [CertificateFiles]

  /// Reads the state folder, and makes it and the account's key when they are missing. Nothing is sent yet.
  ///
  /// - Parameters:
  ///   - configuration: as validated; `problems(of:)` says what is wrong with it.
  ///   - challenges: where proofs are shown.
  ///   - clock: the time of day.
  ///   - random: from 0 up to 1, for jitter.
  ///   - transport: how requests are sent; nil for HTTP over TLS. It is shut down when `run` ends.
  ///   - logger: where attempts and failures are told.
  ///   - onCertificate: called with each new certificate once it is whole on disk.
  /// - Throws: `ACMEError` when the configuration is wrong, or `ca` or a file of the state is broken.
  public init(
    configuration: ACMEConfiguration, challenges: any ChallengeResponder, clock: any ACMEClock = SystemACMEClock(),
    random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }, transport: (any ACMETransport)? = nil,
    logger: Logger, onCertificate: @escaping @Sendable (CertificateFiles) async -> Void
  ) throws(ACMEError) {
    try self.init(
      configuration: configuration, challenges: challenges, clock: clock, random: random, transport: transport,
      files: StateFiles(), logger: logger, onCertificate: onCertificate)
  }

  /// The same with files that can be made to fail.
  package init(
    configuration: ACMEConfiguration, challenges: any ChallengeResponder, clock: any ACMEClock,
    random: @escaping @Sendable () -> Double, transport: (any ACMETransport)?, files: StateFiles, logger: Logger,
    onCertificate: @escaping @Sendable (CertificateFiles) async -> Void
  ) throws(ACMEError) {
    if let problem = NameRules.problems(of: configuration).first { throw ACMEError(.configuration, problem) }
    tls = try HTTPTransport.tls(ca: configuration.ca)
    let state = try StateFolder(path: configuration.state, files: files)
    let account = try state.account(directory: configuration.directory)
    var entries: [Entry] = []
    for certificate in configuration.certificates {
      guard let name = certificate.names.first else { continue }
      _ = try state.finishPending(name)
      let stored = try state.certificate(name)
      let isCurrent = Set(certificate.names).isSubset(of: stored?.names ?? [])
      let isPending = try state.hasPendingOrder(name)
      let due = stored.map { files in
        isCurrent && !isPending
          ? RenewalSchedule.renewal(notBefore: files.notBefore, notAfter: files.notAfter, chance: random()) : 0
      }
      entries.append(Entry(certificate: certificate, name: name, files: stored, nextAttempt: due ?? 0))
    }
    self.configuration = configuration
    self.challenges = challenges
    self.clock = clock
    self.random = random
    self.logger = logger
    self.onCertificate = onCertificate
    self.state = state
    self.givenTransport = transport
    self.session = Session(configuration: configuration, key: account.key, account: account.record)
    self.entries = entries
    certificates = entries.compactMap(\.files)
  }

  /// What is wrong with a configuration, a sentence each; empty when nothing is. Reads no file and no network.
  public static func problems(of configuration: ACMEConfiguration) -> [String] {
    NameRules.problems(of: configuration)
  }

  /// Orders what is missing and renews what is due, until the task is cancelled. Run it once.
  /// A failed attempt is no error here: it is logged, shown by `status`, and made again later.
  public func run() async throws {
    let transport = givenTransport ?? HTTPTransport(tls: tls)
    while !Task.isCancelled {
      guard let index = entries.indices.min(by: { entries[$0].nextAttempt < entries[$1].nextAttempt }) else { break }
      let wait = entries[index].nextAttempt.subtractingReportingOverflow(clock.now()).partialValue
      if wait > 0 {
        do { try await clock.sleep(for: .seconds(min(wait, Self.longestSleepSeconds))) } catch { break }
      } else {
        await attempt(index, transport)
      }
    }
    await transport.shutdown()
  }

  /// How the certificates are now.
  public func status() -> ACMEStatus {
    let now = clock.now()
    return ACMEStatus(
      directory: configuration.directory, account: session.account?.url,
      certificates: entries.map { entry in
        ACMEStatus.Certificate(
          name: entry.name, names: entry.certificate.names, challenge: entry.certificate.challenge.rawValue,
          state: Self.state(of: entry, now: now), notAfter: entry.files?.notAfter,
          nextAttempt: entry.isUnderWay ? nil : max(entry.nextAttempt, now), failures: entry.failures,
          lastError: entry.lastError)
      })
  }

  private static func state(of entry: Entry, now: Int64) -> ACMEStatus.State {
    guard let files = entry.files else { return entry.isUnderWay ? .ordering : .missing }
    if files.notAfter <= now { return .expired }
    if entry.isUnderWay { return .renewing }
    return entry.lastError == nil ? .valid : .failing
  }
}
