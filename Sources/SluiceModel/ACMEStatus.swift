/// How the gate's own certificates are, for `sluice status` and the admin API.
public struct ACMEStatus: Sendable, Equatable, Codable {
  /// What is under way for one certificate.
  public enum State: String, Sendable, Codable, CaseIterable {
    /// There is none yet, and none is being ordered.
    case missing
    /// The first one is being ordered.
    case ordering
    /// In force.
    case valid
    /// In force, and its successor is being ordered.
    case renewing
    /// In force, but the last attempt to renew it failed.
    case failing
    /// No longer valid.
    case expired
  }

  /// One certificate of the configuration.
  public struct Certificate: Sendable, Equatable, Codable {
    /// The first of its names.
    public var name: String
    public var names: [String]
    /// `http-01` or `tls-alpn-01`.
    public var challenge: String
    public var state: State
    /// Seconds since the Unix epoch; nil without a certificate.
    public var notAfter: Int64?
    /// When it is next ordered or renewed, in seconds since the Unix epoch; nil while that is under way.
    public var nextAttempt: Int64?
    /// Failed attempts in a row.
    public var failures: Int
    /// Why the last attempt failed; nil when it did not.
    public var lastError: String?

    public init(
      name: String, names: [String], challenge: String, state: State, notAfter: Int64? = nil, nextAttempt: Int64? = nil,
      failures: Int = 0, lastError: String? = nil
    ) {
      self.name = name
      self.names = names
      self.challenge = challenge
      self.state = state
      self.notAfter = notAfter
      self.nextAttempt = nextAttempt
      self.failures = failures
      self.lastError = lastError
    }
  }

  public var directory: String
  /// The account's URL, once there is one.
  public var account: String?
  public var certificates: [Certificate]

  public init(directory: String, account: String? = nil, certificates: [Certificate] = []) {
    self.directory = directory
    self.account = account
    self.certificates = certificates
  }
}
