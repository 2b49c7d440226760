import Crypto
import Foundation
import Glibc
package import SecLang

/// Reads rules and their data from the file system, and remembers what it read.
package final class RuleFiles: RuleSourceLoader, RuleDataSource {
  /// The files read, in order.
  package private(set) var paths: [String] = []
  /// The data files that rules name, in order, whether they are there or not.
  package private(set) var dataPaths: [String] = []
  private var hash = SHA256()

  package init() {}

  /// What identifies the contents of all files read: another one means other rules.
  package var digest: String {
    hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  // MARK: Rules

  package func resolve(_ reference: String, from includingFile: String?) -> String {
    guard !reference.hasPrefix("/"), let includingFile, let slash = includingFile.lastIndex(of: "/") else {
      return Self.normal(reference)
    }
    return Self.normal(includingFile[...slash] + reference)
  }

  package func expand(_ pattern: String, from includingFile: String?) throws(RuleSourceError) -> [String] {
    let pattern = resolve(pattern, from: includingFile)
    if Self.kind(pattern) == .file { return [pattern] }
    var found = glob_t()
    defer { globfree(&found) }
    switch glob(pattern, GLOB_ERR | GLOB_NOSORT, nil, &found) {
    case 0: break
    case GLOB_NOMATCH: return []
    default: throw RuleSourceError(message: "the folder can't be read")
    }
    var paths: [String] = []
    for index in 0..<min(Int(found.gl_pathc), RuleLimits.files + 1) {
      if let path = found.gl_pathv[index] { paths.append(String(cString: path)) }
    }
    return paths
  }

  package func read(_ path: String, limit: Int) throws(RuleSourceError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure() }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw Self.failure() }
    guard info.st_mode & S_IFMT == S_IFREG else { throw RuleSourceError(message: "it is not a file") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(max(0, Int(info.st_size)), limit))
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure() }
      if count == 0 { break }
      bytes += buffer.prefix(count)
      guard bytes.count <= limit else { throw RuleSourceError(message: "it is longer than \(limit) bytes") }
    }
    note(path, bytes)
    return bytes
  }

  // MARK: Data

  /// Data is looked for beside the rule file that names it.
  package func data(_ name: String, relativeTo ruleFile: String) -> [UInt8]? {
    let path = resolve(name, from: ruleFile)
    dataPaths.append(path)
    return try? read(path, limit: RuleLimits.fileBytes)
  }

  /// Reads data files again, for their digest.
  func revisit(_ paths: [String]) {
    for path in paths { _ = try? read(path, limit: RuleLimits.fileBytes) }
  }

  // MARK: The file system

  enum Kind { case file, folder }

  static func kind(_ path: String) -> Kind? {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    switch info.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return nil
    }
  }

  /// The names of the files of a folder that end so, sorted by their bytes.
  static func names(in folder: String, endingWith suffix: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func failure() -> RuleSourceError {
    let code = errno
    return RuleSourceError(
      message: String(cString: strerror(code)).lowercased(), isMissing: code == ENOENT || code == ENOTDIR)
  }

  /// A path without `.`, `..` and doubled slashes.
  static func normal(_ path: some StringProtocol) -> String {
    var parts: [Substring] = []
    let isAbsolute = path.hasPrefix("/")
    for part in Substring(path).split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else if part != ".." || !isAbsolute {
        parts.append(part)
      }
    }
    return (isAbsolute ? "/" : "") + parts.joined(separator: "/")
  }

  private func note(_ path: String, _ bytes: [UInt8]) {
    paths.append(path)
    hash.update(data: Array("\(path)\u{0}\(bytes.count)\u{0}".utf8))
    hash.update(data: bytes)
  }
}
