import FoundationEssentials

/// What is read from a reply's header.
extension ACMEReply {
  /// A nonce for the next request; nil when there is none or it is not one.
  var nonce: String? {
    guard let nonce = fields["replay-nonce"], !nonce.isEmpty, nonce.utf8.count <= ACMELimits.nonceBytes,
      Base64URL.isAlphabet(nonce)
    else { return nil }
    return nonce
  }

  /// Seconds to wait, from either form of `Retry-After` (RFC 9110, 10.2.3), between 0 and a week.
  func retryAfter(now: Int64) -> Int64? {
    guard let text = fields["retry-after"] else { return nil }
    let seconds: Int64
    if let count = Int64(text) {
      seconds = count
    } else if let time = HTTPDate.seconds(text) {
      seconds = time.subtractingReportingOverflow(now).partialValue
    } else {
      return nil
    }
    return min(max(seconds, 0), ACMELimits.retryAfterSeconds)
  }
}

/// The fixed form of dates in HTTP (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Seconds since the Unix epoch; nil when the text is not of that form.
  static func seconds(_ text: String) -> Int64? {
    let words = text.utf8.count <= 40 ? text.split(separator: " ") : []
    guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), (1...31).contains(day),
      let month = months.firstIndex(of: String(words[2])), let year = Int(words[3]), (1970...9999).contains(year)
    else { return nil }
    let time = words[4].split(separator: ":").compactMap { Int($0) }
    guard time.count == 3, (0...23).contains(time[0]), (0...59).contains(time[1]), (0...60).contains(time[2]) else {
      return nil
    }
    var parts = DateComponents()
    parts.year = year
    parts.month = month + 1
    parts.day = day
    parts.hour = time[0]
    parts.minute = time[1]
    parts.second = time[2]
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar.date(from: parts).map { Int64($0.timeIntervalSince1970) }
  }
}
