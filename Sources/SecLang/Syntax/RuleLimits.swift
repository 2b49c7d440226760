/// What the reader of rules holds to, whatever the files say. Beyond a limit is an issue, never half of the rules.
public enum RuleLimits {
  /// Files that include each other, one inside the other.
  public static let includeDepth = 20
  /// Files of one rule set.
  public static let files = 1_000
  public static let fileBytes = 16 << 20
  /// All files of one rule set together.
  public static let totalBytes = 64 << 20
  /// Directives of one rule set.
  public static let statements = 100_000
  /// One directive with its continuation lines.
  public static let statementBytes = 1 << 20
  /// Arguments of one directive, targets of one rule, actions of one rule, ids of one list.
  public static let listItems = 1_000
  /// Entries of one `SecDataset`.
  public static let datasetEntries = 100_000
  /// Issues that are told; more are only counted.
  public static let issues = 50
  /// Names longer than this are not looked up.
  static let nameBytes = 64
}
