/// When the next attempt at a certificate is due. Pure: time and chance come in as values.
package enum RenewalSchedule {
  /// The first waiting time after a failure.
  static let firstBackoffSeconds: Int64 = 60
  /// The longest waiting time after failures.
  static let lastBackoffSeconds: Int64 = 6 * 3_600

  /// When a certificate is renewed: when a third of its lifetime is left (30 days of 90), and a little earlier by chance,
  /// up to a thirtieth of its lifetime, so that gates that were set up together don't come together.
  /// - Parameter chance: from 0 up to 1.
  /// - Returns: seconds since the Unix epoch.
  package static func renewal(notBefore: Int64, notAfter: Int64, chance: Double) -> Int64 {
    let lifetime = max(notAfter.subtractingReportingOverflow(notBefore).partialValue, 0)
    return notAfter - lifetime / 3 - portion(of: lifetime / 30, chance)
  }

  /// The wait after failures in a row: a minute, doubled each time up to six hours, give or take a tenth; and never less
  /// than the server asks for.
  /// - Returns: seconds.
  package static func backoff(failures: Int, retryAfterSeconds: Int64?, chance: Double) -> Int64 {
    let doublings = min(max(failures, 1) - 1, 12)
    let base = min(firstBackoffSeconds << Int64(doublings), lastBackoffSeconds)
    let own = base - base / 10 + portion(of: base / 5, chance)
    guard let asked = retryAfterSeconds else { return own }
    return max(own, min(max(asked, 0), ACMELimits.retryAfterSeconds) + portion(of: 30, chance))
  }

  private static func portion(of seconds: Int64, _ chance: Double) -> Int64 {
    guard chance.isFinite else { return 0 }
    return Int64(Double(seconds) * min(max(chance, 0), 1))
  }
}
