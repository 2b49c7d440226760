/// What an extension function can't do: a string that is not in the constructor's form, or a result that does not fit.
public struct ExtensionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The function that failed.
  public var function: ExtensionFunction
  /// What is wrong, in lower case, with the string in backticks.
  public var message: String
  /// What would be right.
  public var hint: String?

  /// An error of a function, with what is wrong and what would be right.
  public init(_ function: ExtensionFunction, _ message: String, hint: String? = nil) {
    self.function = function
    self.message = message
    self.hint = hint
  }

  /// The message and, after `;`, the hint.
  public var description: String { message + (hint.map { "; " + $0 } ?? "") }

  /// The string is none of the constructor's.
  static func malformed(_ function: ExtensionFunction, _ text: String, _ reason: String? = nil) -> ExtensionError {
    let type = function == .ip ? "ipaddr" : function.rawValue
    return ExtensionError(
      function, "`\(text.shortened)` is no \(type)" + (reason.map { ": " + $0 } ?? ""), hint: form(of: function))
  }

  static func overflow(_ function: ExtensionFunction, _ what: String) -> ExtensionError {
    ExtensionError(function, "\(what) is past the range of a 64-bit integer")
  }

  private static func form(of function: ExtensionFunction) -> String? {
    switch function {
    case .decimal: "expected digits, a point and one to four digits, such as `-12.5`"
    case .ip: "expected an address such as `10.0.0.1` or `fe80::1`, or a range such as `10.0.0.0/8`"
    case .datetime:
      "expected `2024-10-15`, `2024-10-15T11:38:02Z`, `2024-10-15T11:38:02.101Z` or an offset `+0100` for `Z`"
    case .duration: "expected numbers with units in the order `d`, `h`, `m`, `s`, `ms`, such as `-1d12h`"
    default: nil
    }
  }
}

extension String {
  /// The first scalars of a long text: a message needs no more to say which one it was.
  var shortened: String {
    let scalars = unicodeScalars.prefix(64)
    return scalars.endIndex == unicodeScalars.endIndex ? self : String(scalars) + "…"
  }
}

/// Takes a string apart from its front.
struct TextCursor {
  var rest: Substring.UTF8View

  init(_ text: String) { rest = Substring(text).utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ byte: UInt8) -> Bool {
    guard rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  mutating func digit() -> UInt8? {
    guard let byte = rest.first, (0x30...0x39).contains(byte) else { return nil }
    rest.removeFirst()
    return byte - 0x30
  }

  /// A number of exactly that many digits.
  mutating func number(digits: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      value = value * 10 + Int64(digit)
    }
    return value
  }

  /// A number of any digits, at least one; nil where it is past `UInt64`, but all its digits are taken.
  /// - Returns: the digits there were, and the number.
  mutating func number() -> (digits: Int, value: UInt64?) {
    var count = 0
    var value: UInt64? = 0
    while let digit = digit() {
      count += 1
      value = value.flatMap { TextCursor.appending(digit, to: $0) }
    }
    return (count, value)
  }

  private static func appending(_ digit: UInt8, to value: UInt64) -> UInt64? {
    let (product, overflow) = value.multipliedReportingOverflow(by: 10)
    let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
    return overflow || carry ? nil : sum
  }
}

extension Int64 {
  /// The number of that magnitude and sign; nil when it does not fit.
  init?(magnitude: UInt64, isNegative: Bool) {
    if isNegative {
      guard magnitude <= Int64.min.magnitude else { return nil }
      self = Int64(truncatingIfNeeded: 0 &- magnitude)
    } else {
      guard let value = Int64(exactly: magnitude) else { return nil }
      self = value
    }
  }
}
