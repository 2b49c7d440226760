/// Why a certificate, a key, a revocation list or a file of them was refused.
public struct PKIError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, in lower case.
  public var message: String
  /// What to do about it.
  public var hint: String?
  /// The line of a text file, from 1; nil for binary data.
  public var line: Int?

  public init(_ message: String, hint: String? = nil, line: Int? = nil) {
    self.message = message
    self.hint = hint
    self.line = line
  }

  /// `line N: message`, without the hint.
  public var description: String { line.map { "line \($0): \(message)" } ?? message }

  /// The same error about a named part: `part: message`.
  public func about(_ part: String) -> PKIError { PKIError("\(part): \(message)", hint: hint, line: line) }
}
