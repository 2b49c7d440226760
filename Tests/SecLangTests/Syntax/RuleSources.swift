import Foundation
import Glibc
import SecLang
import Testing

/// Files in memory, in one tree of folders.
struct MemoryRules: RuleSourceLoader {
  var files: [String: [UInt8]]
  /// Files that exist and can't be read.
  var denied: Set<String> = []

  init(_ files: [String: String]) { self.files = files.mapValues { Array($0.utf8) } }

  func resolve(_ reference: String, from includingFile: String?) -> String {
    guard let includingFile, !reference.hasPrefix("/"), let slash = includingFile.lastIndex(of: "/") else {
      return reference
    }
    return includingFile[...slash] + reference
  }

  func expand(_ pattern: String, from includingFile: String?) throws(RuleSourceError) -> [String] {
    let path = resolve(pattern, from: includingFile)
    return files.keys.filter { fnmatch(path, $0, FNM_PATHNAME) == 0 }
  }

  func read(_ path: String, limit: Int) throws(RuleSourceError) -> [UInt8] {
    if denied.contains(path) { throw RuleSourceError(message: "permission denied") }
    guard let bytes = files[path] else { throw RuleSourceError(message: "no such file", isMissing: true) }
    return bytes
  }
}

/// Files of this machine.
struct DiskRules: RuleSourceLoader {
  func resolve(_ reference: String, from includingFile: String?) -> String {
    guard let includingFile, !reference.hasPrefix("/") else { return reference }
    return URL(filePath: includingFile).deletingLastPathComponent().appending(path: reference).standardized.path()
  }

  func expand(_ pattern: String, from includingFile: String?) throws(RuleSourceError) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(resolve(pattern, from: includingFile), 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
  }

  func read(_ path: String, limit: Int) throws(RuleSourceError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RuleSourceError(message: "no such file", isMissing: true)
    }
    return [UInt8](data)
  }
}

/// Public rule sets that tests read where they are.
enum PublicRules {
  static let conformance: String = {
    if let given = ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"] { return given }
    var root = URL(filePath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root.deletingLastPathComponent().appending(path: "shared/conformance").path()
  }()

  static let coreRuleSet = conformance + "/crs-v4"
  static let debianRules = "/usr/share/modsecurity-crs/rules"

  /// The recommended configurations of Debian's packages for nginx and Apache, installed or unpacked into the folder
  /// that `SLUICE_MODSECURITY` names.
  static let recommended: [String] = {
    let root = ProcessInfo.processInfo.environment["SLUICE_MODSECURITY"] ?? ""
    return ["/etc/nginx/modsecurity.conf", "/etc/modsecurity/modsecurity.conf-recommended"].map { root + $0 }
      .filter { exists($0) }
  }()

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

/// The issues of rules that must have some.
func ruleIssues(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> [RuleIssue] {
  do {
    _ = try RuleParser.parse(Array(text.utf8), named: "rules.conf")
    Issue.record("no issue", sourceLocation: sourceLocation)
    return []
  } catch { return error.issues }
}

/// The directives of rules that must have no issue.
func ruleDirectives(_ text: String) throws -> [Directive] {
  try RuleParser.parse(Array(text.utf8), named: "rules.conf").statements.map(\.directive)
}

func ruleText(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

/// A directive is not what the test wrote.
struct UnexpectedSyntax: Error {}
