/// Why a certificate could not be had, for the operator. What a server wrote is cut and cleaned before it is in here.
public struct ACMEError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Where it went wrong, which says what may help.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// The configuration is wrong: nothing but a change of it helps.
    case configuration
    /// A file or folder of the state is broken or can't be written.
    case state
    /// The server was not reached, the connection broke, or the server says that it is out of order.
    case transport
    /// The server's answer is not what RFC 8555 says.
    case malformed
    /// The server said no (a problem document, RFC 7807).
    case refused
    /// The server asks to come back later.
    case rateLimited
    /// The server could not see the proof for a name.
    case challengeFailed
    /// The order did not come to an end in time. It is taken up again at the next attempt.
    case timedOut
    /// What the server issued is not what was ordered.
    case wrongCertificate
  }

  public var kind: Kind
  /// Lower case, without a full stop.
  public var message: String
  /// How long the server asks to wait before the next attempt.
  public var retryAfterSeconds: Int64?
  /// The type of the problem document, without `urn:ietf:params:acme:error:`.
  package var problemType: String?

  /// - Parameters:
  ///   - kind: where it went wrong.
  ///   - message: for the operator.
  ///   - retryAfterSeconds: how long the server asks to wait.
  public init(_ kind: Kind, _ message: String, retryAfterSeconds: Int64? = nil) {
    self.kind = kind
    self.message = message
    self.retryAfterSeconds = retryAfterSeconds
  }

  public var description: String { message }
}

/// Bounds on what a server may send and on how long it may take.
enum ACMELimits {
  static let replyBytes = 256 << 10
  static let urlBytes = 2_048
  static let nonceBytes = 512
  static let tokenBytes = 256
  static let nonces = 8
  static let authorizations = 100
  static let challenges = 32
  static let subproblems = 10
  static let chainCertificates = 10
  static let serverTextBytes = 300
  static let stateFileBytes = 256 << 10
  static let badNonceRetries = 8
  static let serverErrorRetries = 3
  /// From the first request of an attempt to its end.
  static let attemptSeconds: Int64 = 900
  /// Between two polls, without a `Retry-After`.
  static let pollSeconds: ClosedRange<Int64> = 2...15
  /// The longest `Retry-After` that is waited for in an attempt.
  static let retryAfterInAttemptSeconds: Int64 = 300
  /// The longest `Retry-After` that is honoured at all: rate limits run for up to a week.
  static let retryAfterSeconds: Int64 = 7 * 86_400
  static let certificates = 256
  static let namesPerCertificate = 100
}

/// Text of a server made fit for a log line: printable, on one line, cut.
func cleaned(_ text: String, to bytes: Int = ACMELimits.serverTextBytes) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    let isPlain = scalar.value >= 0x20 && scalar.value != 0x7f && !(0x80...0x9f).contains(scalar.value)
    let isFormat = scalar.properties.generalCategory == .format || scalar == "\u{2028}" || scalar == "\u{2029}"
    let kept: Unicode.Scalar = isPlain && !isFormat ? (scalar == "`" ? "'" : scalar) : " "
    count += UTF8.width(kept)
    if count > bytes {
      result += "…"
      break
    }
    result.unicodeScalars.append(kept)
  }
  return result
}
