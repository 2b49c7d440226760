/// Reads a configuration's files, follows `include`, and joins them to one tree.
struct Includes {
  private let context: DecodingContext
  private var pairs: [YAMLPair] = []
  private var positions: [String: Int] = [:]
  private var named: Set<String> = []
  private var nodes = 0

  init(_ context: DecodingContext) { self.context = context }

  /// The joined tree. What is wrong with a file is reported, and the others are read all the same.
  mutating func read(_ name: String, _ bytes: [UInt8]?) -> YAMLNode {
    named.insert(Includes.normalized(name))
    let file = bytes.map { context.register(name, $0, from: nil) } ?? context.open(name, from: nil)
    if let file { join(name, file.bytes, file.index, depth: 1) }
    return YAMLNode(content: .mapping(pairs), mark: YAMLMark(file: 0, line: 1, column: 1))
  }

  private mutating func join(_ name: String, _ bytes: [UInt8], _ index: Int, depth: Int) {
    let root: YAMLNode?
    do {
      let (tree, duplicates) = try YAMLDocument.read(bytes, file: index)
      duplicates.forEach(context.report)
      root = tree
    } catch {
      context.report(Includes.explained(error, bytes))
      return
    }
    guard let root, !root.isNull else { return }
    nodes += root.weight
    guard nodes <= ConfigurationLimits.totalNodes else {
      return context.error("more than \(ConfigurationLimits.totalNodes) values in all files", at: root.mark)
    }
    guard case .mapping(let entries) = root.content else {
      return context.error("expected a map of keys, found \(root.kind)", hint: "write `listeners: …`", at: root.mark)
    }
    var includes: YAMLNode?
    for entry in entries {
      if entry.key == "include" { includes = entry.value } else { add(entry) }
    }
    if let includes { follow(includes, from: name, depth: depth) }
  }

  private mutating func add(_ entry: YAMLPair) {
    guard let index = positions[entry.key] else {
      positions[entry.key] = pairs.count
      return pairs.append(entry)
    }
    guard case .sequence(let before) = pairs[index].value.content, case .sequence(let more) = entry.value.content else {
      let first = pairs[index].keyMark
      return context.error(
        "\(quoted(entry.key)) is given in two files",
        hint: "it is first given at \(printable(context.files[first.file])):\(first.line):\(first.column)",
        at: entry.keyMark)
    }
    pairs[index].value.content = .sequence(before + more)
  }

  private mutating func follow(_ node: YAMLNode, from name: String, depth: Int) {
    let type = ValueType<String>.filePath.list(0...ConfigurationLimits.files)
    let entries: [YAMLNode]
    if case .sequence(let elements) = node.content { entries = elements } else { entries = [] }
    let patterns = context.within("include", node.mark) { type.decode(node, context) }
    guard let patterns else { return }
    guard depth < ConfigurationLimits.includeDepth else {
      return context.error("files include each other more than \(ConfigurationLimits.includeDepth) deep", at: node.mark)
    }
    for (pattern, entry) in zip(patterns, entries) {
      for path in paths(Includes.resolve(pattern, from: name), at: entry.mark) {
        guard named.insert(path).inserted else {
          context.error("\(quoted(path)) is included twice", hint: "include each file once", at: entry.mark)
          continue
        }
        guard let (bytes, index) = context.open(path, from: entry.mark) else { continue }
        join(path, bytes, index, depth: depth + 1)
      }
    }
  }

  /// The files a path or glob stands for, in order of their names.
  private func paths(_ path: String, at mark: YAMLMark) -> [String] {
    guard !Glob.hasPatternInFolder(path) else {
      context.error("\(quoted(path)) has a `*` in a folder's name", hint: "use it in the file's name only", at: mark)
      return []
    }
    do {
      return try context.source.expand(path)
    } catch {
      context.error("can't read \(quoted(path)): \(error.reason)", at: mark)
      return []
    }
  }

  /// A path as the file that names it means it.
  static func resolve(_ path: String, from file: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return normalized(path) }
    return normalized(file[...slash] + path)
  }

  /// The same text for paths that only differ in `.` and `..`.
  static func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
    }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  private static func explained(_ problem: YAMLProblem, _ bytes: [UInt8]) -> YAMLProblem {
    guard problem.hint == nil, problem.message.hasPrefix("invalid YAML") else { return problem }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard lines.indices.contains(problem.mark.line - 1) else { return problem }
    let line = lines[problem.mark.line - 1]
    var result = problem
    if line.contains(9), line.first(where: { $0 != 32 }) == 9 {
      result.hint = "indent with spaces, not tabs"
    } else if String(decoding: line, as: UTF8.self).contains("${") {
      result.hint = "put quotes around `${…}` inside `{ }` and `[ ]`"
    }
    return result
  }
}

extension ConfigurationSource {
  /// The files that a path or glob stands for, in order of their names; the path itself when it is no glob.
  public func expand(_ path: String) throws(Failure) -> [String] {
    guard !Glob.hasPatternInFolder(path) else { throw Failure("a `*` in a folder's name") }
    let slash = path.lastIndex(of: "/")
    let pattern = slash.map { path[path.index(after: $0)...] } ?? path[...]
    let folder = slash.map { path[..<$0] } ?? ""
    guard Glob.isPattern(pattern) else { return [path] }
    return try list(slash == nil ? "." : folder.isEmpty ? "/" : String(folder))
      .filter { Glob.matches(pattern, $0[...]) }.sorted()
      .map { slash == nil ? $0 : "\(folder)/\($0)" }
  }
}

/// File name patterns: `*` for any characters and `?` for one; neither stands for a dot at the beginning.
package enum Glob {
  static func isPattern(_ text: Substring) -> Bool { text.contains { "*?".contains($0) } }

  /// Patterns are for names of files, not for those of folders.
  static func hasPatternInFolder(_ path: String) -> Bool {
    path.lastIndex(of: "/").map { isPattern(path[..<$0]) } ?? false
  }

  package static func matches(_ pattern: Substring, _ name: Substring) -> Bool {
    if name.hasPrefix("."), !pattern.hasPrefix(".") { return false }
    let pattern = Array(pattern.unicodeScalars)
    let name = Array(name.unicodeScalars)
    var (p, n) = (0, 0)
    var retry: (pattern: Int, name: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == "*" {
        retry = (p, n)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == name[n] {
        p += 1
        n += 1
      } else if let last = retry {
        retry = (last.pattern, last.name + 1)
        p = last.pattern + 1
        n = last.name + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}
