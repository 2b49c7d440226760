import Foundation
public import SluiceModel

/// What was found when the rules of a firewall filter, or policies and entities, were read.
public struct RuleCheck: Sendable {
  public struct Problem: Sendable {
    /// A place in a file of its own: line and column from 1, 0 where it is about the file as a whole.
    public struct Place: Sendable, Hashable {
      public var file: String
      public var line: Int
      public var column: Int

      public init(file: String, line: Int = 0, column: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
      }
    }

    public var isWarning: Bool
    /// What is wrong, with file and line of the rule where it has one, in lower case.
    public var message: String
    public var hint: String?
    /// The filter's key that it is about, such as `rules[1]` or `customRules`; nil stands for the filter. For policies
    /// the key in the configuration, such as `entities[0]`.
    public var key: String?
    /// Where it is, when that is not in the configuration.
    public var place: Place?

    public init(
      _ message: String, hint: String? = nil, key: String? = nil, isWarning: Bool = false, place: Place? = nil
    ) {
      self.message = message
      self.hint = hint
      self.key = key
      self.isWarning = isWarning
      self.place = place
    }
  }

  public var problems: [Problem]
  /// Names the text that was read, so that a change to a rule file is a change to the configuration.
  public var digest: [UInt8]

  public init(problems: [Problem] = [], digest: [UInt8] = []) {
    self.problems = problems
    self.digest = digest
  }
}

/// The world a configuration is read from: files and environment, so that both can be replaced.
public struct ConfigurationSource: Sendable {
  /// Why a file or folder can't be read, in lower case: `no such file`.
  public struct Failure: Error, Sendable, Equatable {
    public var reason: String

    public init(_ reason: String) { self.reason = reason }
  }

  /// The bytes of a file, or its first `limit` ones when it is longer.
  public var read: @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8]
  /// The names in a folder, in any order; for globs.
  public var list: @Sendable (_ folder: String) throws(Failure) -> [String]
  /// The value of an environment variable; nil when it is not set.
  public var environment: @Sendable (_ name: String) -> String?
  /// Certificates, keys and revocation lists are taken by their paths alone, neither read nor checked.
  public var leavesFilesUnread = false
  /// Reads and compiles the rules of a firewall filter. Whoever knows the rule language sets it; without it the rules
  /// are taken as they are.
  public var checkRules: (@Sendable (FirewallFilterConfiguration) -> RuleCheck)?
  /// Reads the policies and entities of a configuration. Whoever knows the policy language sets it; without it the files
  /// stay unread.
  public var checkPolicies: (@Sendable (Configuration) -> RuleCheck)?

  public init(
    read: @escaping @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8],
    list: @escaping @Sendable (_ folder: String) throws(Failure) -> [String],
    environment: @escaping @Sendable (_ name: String) -> String?
  ) {
    self.read = read
    self.list = list
    self.environment = environment
  }

  /// Files and variables held in memory, by path and name.
  public static func memory(files: [String: [UInt8]] = [:], environment: [String: String] = [:]) -> ConfigurationSource
  {
    ConfigurationSource(
      read: { path, limit throws(Failure) in
        guard let bytes = files[path] else { throw Failure("no such file") }
        return Array(bytes.prefix(limit))
      },
      list: { folder throws(Failure) in
        let prefix = folder == "." ? "" : folder + "/"
        return files.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
          .filter { !$0.contains("/") }
      },
      environment: { environment[$0] })
  }

  /// The files of this machine and the environment of this process.
  public static func system() -> ConfigurationSource {
    let variables = ProcessInfo.processInfo.environment
    return ConfigurationSource(
      read: { path, limit throws(Failure) in try readFile(path, limit) },
      list: { folder throws(Failure) in
        do {
          return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
          throw failure(error)
        }
      },
      environment: { variables[$0] })
  }

  private static func readFile(_ path: String, _ limit: Int) throws(Failure) -> [UInt8] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { throw Failure("no such file") }
    guard !isDirectory.boolValue else { throw Failure("it is a folder") }
    guard let handle = FileHandle(forReadingAtPath: path) else { throw Failure("permission denied") }
    defer { try? handle.close() }
    do {
      var bytes: [UInt8] = []
      while bytes.count < limit, let part = try handle.read(upToCount: limit - bytes.count), !part.isEmpty {
        bytes.append(contentsOf: part)
      }
      return bytes
    } catch {
      throw failure(error)
    }
  }

  private static func failure(_ error: any Error) -> Failure {
    switch (error as? CocoaError)?.code {
    case .fileReadNoSuchFile?, .fileNoSuchFile?: Failure("no such folder")
    case .fileReadNoPermission?: Failure("permission denied")
    default: Failure("it can't be read")
    }
  }
}
