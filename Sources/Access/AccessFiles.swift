import Cedar

/// The files that policies and entities are read from.
package struct AccessFiles: Sendable {
  /// Why a file or folder can't be read, in lower case: `no such file`.
  package struct Failure: Error, Sendable, Equatable {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }
  }

  /// The bytes of a file, or its first `limit` ones when it is longer.
  package var read: @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8]
  /// The paths that a pattern stands for, in order of their names; the path itself when it is no pattern.
  package var expand: @Sendable (_ pattern: String) throws(Failure) -> [String]

  package init(
    read: @escaping @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8],
    expand: @escaping @Sendable (_ pattern: String) throws(Failure) -> [String]
  ) {
    self.read = read
    self.expand = expand
  }
}

/// Something wrong, or doubtful, in policies or entities.
package struct AccessIssue: Error, Sendable, Hashable {
  package var isWarning = false
  /// In lower case, what was found in backticks.
  package var message: String
  package var hint: String?
  /// The file; nil when it is about a key of the configuration.
  package var file: String?
  /// From 1; 0 when it is about the file as a whole.
  package var line = 0
  package var column = 0
  /// The key of the configuration, such as `policies[0]`.
  package var key: String

  init(
    _ message: String, hint: String? = nil, in file: SourceFile? = nil, at position: SourcePosition = .none, key: String
  ) {
    self.message = message
    self.hint = hint
    self.file = file?.path
    line = Int(position.line)
    column = Int(position.column)
    self.key = key
  }
}

/// What is wrong with policies and entities, and what is doubtful: at most `AccessLimits.issues` of each.
package struct AccessIssues: Error, Sendable, Equatable {
  package private(set) var errors: [AccessIssue] = []
  package private(set) var warnings: [AccessIssue] = []
  /// Errors beyond those.
  package private(set) var omitted = 0

  package init() {}

  var isFullOfWarnings: Bool { warnings.count >= AccessLimits.issues }

  mutating func add(_ issue: AccessIssue) {
    if issue.isWarning {
      if warnings.count < AccessLimits.issues { warnings.append(issue) }
    } else if errors.count < AccessLimits.issues {
      errors.append(issue)
    } else {
      omitted += 1
    }
  }
}

/// A file of policies or entities.
struct SourceFile: Hashable, Sendable {
  /// As seen from the working directory.
  var path: String
  /// As it is called in findings: without what the configuration does not say.
  var name: String
  /// The key of the configuration that names it.
  var key: String
}

/// Bounds on policies and entities beside those of the language.
package enum AccessLimits {
  /// Files of policies and of entities, each.
  package static let files = 4_096
  /// Bytes of all files together.
  package static let totalBytes = 256 << 20
  /// Problems told at once.
  package static let issues = 50
}
