/// Why a file of rules could not be had.
public struct RuleSourceError: Error, Sendable, Hashable {
  /// Lower case: `permission denied`.
  public var message: String
  /// There is no such file: `IncludeOptional` goes on without it.
  public var isMissing: Bool

  public init(message: String, isMissing: Bool = false) {
    self.message = message
    self.isMissing = isMissing
  }
}

/// Where the files of rules come from: the file system, an archive, a test.
public protocol RuleSourceLoader {
  /// The path that a reference in a file stands for: relative ones are seen from the folder of the including file, or
  /// from the current folder where `includingFile` is nil. One file has one path, `a/../b` and `b` come out the same,
  /// because a file that includes itself is found by its path. Issues show it.
  func resolve(_ reference: String, from includingFile: String?) -> String

  /// The resolved paths of the files that a pattern with `*`, `?` or `[…]` names, in any order; none where none match.
  func expand(_ pattern: String, from includingFile: String?) throws(RuleSourceError) -> [String]

  /// All bytes of a file by its resolved path. A loader may give up beyond `limit` bytes with an error of its own.
  func read(_ path: String, limit: Int) throws(RuleSourceError) -> [UInt8]
}

/// For rules without files: whatever is included is missing.
struct NoRuleSources: RuleSourceLoader {
  func resolve(_ reference: String, from includingFile: String?) -> String { reference }

  func expand(_ pattern: String, from includingFile: String?) throws(RuleSourceError) -> [String] {
    throw RuleSourceError(message: "rules given inline can't include files")
  }

  func read(_ path: String, limit: Int) throws(RuleSourceError) -> [UInt8] {
    throw RuleSourceError(message: "rules given inline can't include files")
  }
}
