/// Bounds on what a configuration may cost to read, before any of it is believed.
enum ConfigurationLimits {
  /// Bytes of one file.
  static let fileBytes = 4 << 20
  /// Bytes of all files of one configuration, those that `file:` names included.
  static let totalBytes = 32 << 20
  /// Files of one configuration, those that `file:` names included.
  static let files = 256
  /// How deep files may include each other.
  static let includeDepth = 16
  /// Values of one file with aliases expanded.
  static let nodes = 100_000
  /// Values of all files with aliases expanded.
  static let totalNodes = 400_000
  /// Levels of maps and lists in each other.
  static let depth = 64
  /// Errors reported at once, and warnings.
  static let issues = 50
  /// Bytes of one value after environment variables are put in.
  static let valueBytes = 1 << 20
  /// Bytes put in from the environment and from `file:` in one configuration.
  static let expandedBytes = 16 << 20
  /// Elements of one list.
  static let elements = 10_000
}
