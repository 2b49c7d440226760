import Glibc
import SecLang

/// Reads the rules of a folder, with the files that they name.
struct RuleFolder: RuleSourceLoader, RuleDataSource {
  func resolve(_ reference: String, from includingFile: String?) -> String {
    guard let includingFile, !reference.hasPrefix("/"), let slash = includingFile.lastIndex(of: "/") else {
      return reference
    }
    return includingFile[...slash] + reference
  }

  func expand(_ pattern: String, from includingFile: String?) throws(RuleSourceError) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(resolve(pattern, from: includingFile), 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
  }

  func read(_ path: String, limit: Int) throws(RuleSourceError) -> [UInt8] {
    guard let file = fopen(path, "r") else { throw RuleSourceError(message: "it can't be read", isMissing: true) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count < limit {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes += buffer.prefix(count)
    }
    return bytes
  }

  func data(_ name: String, relativeTo ruleFile: String) -> [UInt8]? {
    try? read(resolve(name, from: ruleFile), limit: RuleLimits.fileBytes)
  }
}
