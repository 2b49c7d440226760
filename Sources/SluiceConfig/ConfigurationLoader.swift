import Crypto
public import SluiceModel

/// A configuration that is ready for use.
public struct LoadedConfiguration: Sendable, Equatable {
  public var configuration: Configuration
  /// Names the configuration: SHA-256, in hexadecimal, over the resolved configuration and the bytes of its files.
  public var hash: String
  /// The files it was read from, those that `file:` names included, in the order they were read.
  public var files: [String]
  /// What is doubtful in it.
  public var warnings: [ConfigurationIssue]
}

/// Reads configurations. All it knows of the world comes from the source; it has no clock and no state.
public enum ConfigurationLoader {
  /// Reads the configuration that begins with the file at `path`.
  ///
  /// - Throws: What is wrong with it, all of it at once.
  public static func load(
    path: String, source: ConfigurationSource = .system()
  ) throws(ConfigurationErrors) -> LoadedConfiguration {
    try load(path, nil, source)
  }

  /// Reads a configuration from bytes; `fileName` stands in messages, and `include` is relative to it.
  ///
  /// - Throws: What is wrong with it, all of it at once.
  public static func load(
    bytes: [UInt8], fileName: String, source: ConfigurationSource = .memory()
  ) throws(ConfigurationErrors) -> LoadedConfiguration {
    try load(fileName, bytes, source)
  }

  private static func load(
    _ name: String, _ bytes: [UInt8]?, _ source: ConfigurationSource
  ) throws(ConfigurationErrors) -> LoadedConfiguration {
    let context = DecodingContext(source: source)
    var includes = Includes(context)
    let tree = includes.read(name, bytes)
    var configuration = Configuration()
    if ObjectSchema<Configuration>.root.decode(tree, into: &configuration, context) {
      CrossReferences(configuration, context).check()
    }
    guard !context.issues.hasErrors else {
      throw ConfigurationErrors(
        issues: context.issues.sorted(.error), omitted: context.issues.omittedErrors,
        warnings: context.issues.sorted(.warning))
    }
    return LoadedConfiguration(
      configuration: configuration, hash: hash(configuration, context.contents), files: context.files,
      warnings: context.issues.sorted(.warning))
  }

  private static func hash(_ configuration: Configuration, _ contents: [[UInt8]]) -> String {
    var hasher = SHA256()
    let model = ObjectSchema<Configuration>.root.encode(configuration).text(revealingSecrets: true)
    hasher.update(data: SHA256.hash(data: Array(model.utf8)).map { $0 })
    for bytes in contents { hasher.update(data: SHA256.hash(data: bytes).map { $0 }) }
    return hasher.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
