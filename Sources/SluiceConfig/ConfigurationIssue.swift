/// Something wrong, or doubtful, in a configuration file.
public struct ConfigurationIssue: Error, Sendable, Hashable, Codable {
  /// How much it matters: an error keeps the configuration from being used.
  public enum Severity: String, Sendable, Codable {
    case error, warning
  }

  public var severity: Severity
  /// The file as it was named on the command line or in `include`.
  public var file: String
  /// From 1; 0 when the issue is about the file as a whole.
  public var line: Int
  /// In code points, from 1; 0 when the issue is about the file as a whole.
  public var column: Int
  /// Lower case, user input in backticks.
  public var message: String
  /// What to write instead.
  public var hint: String?
  /// The value's place in the configuration, such as `listeners[0].address`; empty at the top.
  public var path: String

  init(
    severity: Severity, file: String, line: Int, column: Int, message: String, hint: String? = nil, path: String
  ) {
    self.severity = severity
    self.file = file
    self.line = line
    self.column = column
    self.message = message
    self.hint = hint
    self.path = path
  }

  /// An error about the file as a whole.
  public init(file: String, message: String, hint: String? = nil) {
    self.init(severity: .error, file: file, line: 0, column: 0, message: message, hint: hint, path: "")
  }
}

extension ConfigurationIssue: CustomStringConvertible {
  /// `file:line:column: message`, and the hint on a line of its own.
  public var description: String {
    var text = printable(file)
    if line > 0 { text += ":\(line):\(column)" }
    text += severity == .warning ? ": warning: \(message)" : ": \(message)"
    if let hint { text += "\n  hint: \(hint)" }
    return text
  }
}

/// Why a configuration can't be used: at most 50 errors in the order of their places, and the warnings beside them.
public struct ConfigurationErrors: Error, Sendable, Equatable {
  /// Errors in the order of the files and of the places in them.
  public var issues: [ConfigurationIssue]
  /// Errors found beyond those.
  public var omitted: Int
  public var warnings: [ConfigurationIssue]
}

extension ConfigurationErrors: CustomStringConvertible {
  /// One issue after the other, as a terminal shows them.
  public var description: String {
    var lines = issues.map(\.description)
    if omitted > 0 { lines.append("and \(omitted) more") }
    return lines.joined(separator: "\n")
  }
}

/// Collects issues while files are read.
package struct IssueCollector {
  private var found: [(mark: YAMLMark, issue: ConfigurationIssue)] = []
  private var counts: [ConfigurationIssue.Severity: Int] = [:]
  private(set) var omittedErrors = 0

  package var hasErrors: Bool { counts[.error, default: 0] > 0 }
  /// Whether further errors are only counted.
  var isFull: Bool { counts[.error, default: 0] >= ConfigurationLimits.issues }

  mutating func add(_ issue: ConfigurationIssue, at mark: YAMLMark) {
    let count = counts[issue.severity, default: 0]
    guard count < ConfigurationLimits.issues else {
      if issue.severity == .error { omittedErrors += 1 }
      return
    }
    counts[issue.severity] = count + 1
    found.append((mark, issue))
  }

  func sorted(_ severity: ConfigurationIssue.Severity) -> [ConfigurationIssue] {
    found.filter { $0.issue.severity == severity }.sorted {
      let left = ($0.mark.file, $0.mark.line, $0.mark.column)
      let right = ($1.mark.file, $1.mark.line, $1.mark.column)
      return left == right ? $0.issue.message < $1.issue.message : left < right
    }.map(\.issue)
  }

  /// Whether nothing is wrong with a part of the configuration.
  func isClean(_ path: String) -> Bool {
    !found.contains { entry in
      guard entry.issue.severity == .error, entry.issue.path.hasPrefix(path) else { return false }
      let next = entry.issue.path.utf8.dropFirst(path.utf8.count).first
      return next.map { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") } ?? true
    }
  }
}
