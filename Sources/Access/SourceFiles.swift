import Cedar
import Crypto
import SluiceModel

typealias SourceContent = (file: SourceFile, bytes: [UInt8])

/// Reads the files that patterns stand for, each once, and keeps what identifies their contents.
struct SourceFiles {
  private let files: AccessFiles
  private var hash = SHA256()
  private var bytes = 0

  init(_ files: AccessFiles) { self.files = files }

  /// What identifies names and contents of all files read.
  var digest: [UInt8] { hash.finalize().map { $0 } }

  /// SHA-256 in hexadecimal.
  static func digest(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The files and what they hold; problems go to `issues`.
  mutating func read(_ patterns: [FilePattern], key: String, _ issues: inout AccessIssues) -> [SourceContent] {
    var contents: [SourceContent] = []
    var seen: Set<String> = []
    for (index, pattern) in patterns.enumerated() {
      for file in expand(pattern, key: "\(key)[\(index)]", &issues) where seen.insert(file.path).inserted {
        guard seen.count <= AccessLimits.files else {
          issues.add(AccessIssue("more than \(AccessLimits.files) files", key: file.key))
          return contents
        }
        if let bytes = read(file, &issues) { contents.append((file, bytes)) }
      }
    }
    return contents
  }

  private func expand(_ pattern: FilePattern, key: String, _ issues: inout AccessIssues) -> [SourceFile] {
    do {
      let paths = try files.expand(pattern.path)
      if paths.isEmpty {
        issues.add(
          AccessIssue("no file matches `\(pattern.path)`", hint: "remove the pattern, or add the file", key: key))
      }
      return paths.map { SourceFile(path: $0, name: Self.name($0, pattern), key: key) }
    } catch {
      issues.add(AccessIssue("can't read `\(pattern.path)`: \(error.reason)", key: key))
      return []
    }
  }

  /// The pattern and its path end alike; what the path has before is left out.
  private static func name(_ path: String, _ pattern: FilePattern) -> String {
    guard pattern.path.hasSuffix(pattern.text) else { return path }
    let folder = pattern.path.dropLast(pattern.text.count)
    return path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
  }

  private mutating func read(_ file: SourceFile, _ issues: inout AccessIssues) -> [UInt8]? {
    do {
      let content = try files.read(file.path, CedarLimits.textBytes + 1)
      guard content.count <= CedarLimits.textBytes else {
        issues.add(
          AccessIssue("the file is larger than \(CedarLimits.textBytes >> 20) MiB", in: file, key: file.key))
        return nil
      }
      bytes += content.count
      guard bytes <= AccessLimits.totalBytes else {
        issues.add(
          AccessIssue(
            "policies and entities are larger than \(AccessLimits.totalBytes >> 20) MiB in all", in: file, key: file.key
          ))
        return nil
      }
      hash.update(data: Array("\(file.path)\u{0}\(content.count)\u{0}".utf8))
      hash.update(data: content)
      return content
    } catch {
      issues.add(AccessIssue("can't read `\(file.path)`: \(error.reason)", key: file.key))
      return nil
    }
  }
}
