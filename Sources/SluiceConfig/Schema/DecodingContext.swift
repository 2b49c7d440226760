import SluiceModel

/// What a decoder knows beside the value: where it is, the world outside, and what was wrong so far.
package final class DecodingContext {
  let source: ConfigurationSource
  package private(set) var issues = IssueCollector()
  /// The place in the configuration, such as `listeners[0].limits`.
  private(set) var path = ""
  /// Where each value stands in its file, by path.
  private var marks: [String: YAMLMark] = [:]
  /// Names of the files read, by the index in their marks, and what they hold.
  private(set) var files: [String] = []
  private(set) var contents: [[UInt8]] = []
  private var bytesRead = 0
  private var expandedBytes = 0

  package init(source: ConfigurationSource) { self.source = source }

  // MARK: Issues

  func error(_ message: String, hint: String? = nil, at mark: YAMLMark, path: String? = nil) {
    add(.error, message, hint, mark, path ?? self.path)
  }

  /// An error about the value at a path that was decoded before, or about the nearest value around it.
  func error(_ message: String, hint: String? = nil, path: String) {
    add(.error, message, hint, mark(path), path)
  }

  func warning(_ message: String, hint: String? = nil, path: String) {
    add(.warning, message, hint, mark(path), path)
  }

  /// A problem that has a place of its own, or else is about the value at `path`.
  func report(_ problem: RuleCheck.Problem, path: String) {
    let severity: ConfigurationIssue.Severity = problem.isWarning ? .warning : .error
    guard let place = problem.place else {
      return add(severity, problem.message, problem.hint, mark(path), path)
    }
    issues.add(
      ConfigurationIssue(
        severity: severity, file: place.file, line: place.line, column: place.column, message: problem.message,
        hint: problem.hint, path: path),
      at: YAMLMark(file: .max, line: place.line, column: place.column))
  }

  func report(_ problem: YAMLProblem) { error(problem.message, hint: problem.hint, at: problem.mark) }

  private func add(
    _ severity: ConfigurationIssue.Severity, _ message: String, _ hint: String?, _ mark: YAMLMark, _ path: String
  ) {
    let file = files.indices.contains(mark.file) ? files[mark.file] : ""
    issues.add(
      ConfigurationIssue(
        severity: severity, file: file, line: mark.line, column: mark.column, message: message, hint: hint, path: path),
      at: mark)
  }

  // MARK: Places

  /// Runs `body` one level deeper and notes where that level stands.
  func within<Result>(_ component: String, _ mark: YAMLMark, _ body: () -> Result) -> Result {
    let outer = path
    path += component.hasPrefix("[") || path.isEmpty ? component : "." + component
    marks[path] = mark
    defer { path = outer }
    return body()
  }

  /// Whether a value was given at the path.
  func hasMark(_ path: String) -> Bool { marks[path] != nil }

  /// Where the value at a path stands, or the nearest one around it.
  func mark(_ path: String) -> YAMLMark {
    var path = Substring(path)
    while !path.isEmpty {
      if let mark = marks[String(path)] { return mark }
      path = path.lastIndex { $0 == "." || $0 == "[" }.map { path[..<$0] } ?? ""
    }
    return YAMLMark(file: 0, line: 1, column: 1)
  }

  // MARK: Files

  /// Opens a file and gives it an index. An unreadable one is reported where it is named.
  func open(_ name: String, from mark: YAMLMark?) -> (bytes: [UInt8], index: Int)? {
    let place = mark ?? YAMLMark(file: files.count, line: 0, column: 0)
    if mark == nil { files.append(name) }
    let bytes: [UInt8]
    do {
      bytes = try source.read(name, ConfigurationLimits.fileBytes + 1)
    } catch {
      self.error("can't read \(quoted(name)): \(error.reason)", at: place)
      return nil
    }
    if mark == nil { files.removeLast() }
    return register(name, bytes, from: mark)
  }

  /// Gives bytes that are at hand an index as a file.
  func register(_ name: String, _ bytes: [UInt8], from mark: YAMLMark?) -> (bytes: [UInt8], index: Int)? {
    let index = files.count
    let place = mark ?? YAMLMark(file: index, line: 0, column: 0)
    if mark == nil { files.append(name) }
    bytesRead += min(bytes.count, ConfigurationLimits.fileBytes)
    guard bytes.count <= ConfigurationLimits.fileBytes else {
      error("\(quoted(name)) is larger than \(Size.text(ConfigurationLimits.fileBytes))", at: place)
      return nil
    }
    guard bytesRead <= ConfigurationLimits.totalBytes, index < ConfigurationLimits.files else {
      error(
        "more than \(ConfigurationLimits.files) files or \(Size.text(ConfigurationLimits.totalBytes)) in all", at: place
      )
      return nil
    }
    if mark != nil { files.append(name) }
    contents.append(bytes)
    return (bytes, index)
  }

  /// Lets bytes that were read elsewhere count as part of the configuration.
  func include(_ bytes: [UInt8]) {
    if !bytes.isEmpty { contents.append(bytes) }
  }

  /// A path as the file means it that has the place.
  func resolve(_ path: String, at mark: YAMLMark) -> String {
    files.indices.contains(mark.file) ? Includes.resolve(path, from: files[mark.file]) : path
  }

  // MARK: Scalars

  /// The text of a single value with environment variables put in; nil after reporting what it is instead.
  func text(_ node: YAMLNode, _ type: String) -> String? {
    guard case .scalar(let text, _) = node.content else {
      error("expected \(type), found \(node.kind)", at: node.mark)
      return nil
    }
    guard !node.isNull else {
      error("\(quoted(key)) has no value", hint: "remove the key, or give it \(type)", at: node.mark)
      return nil
    }
    do throws(ScalarProblem) {
      let result = try Expansion.expand(text, environment: source.environment)
      if result.utf8.count != text.utf8.count { expandedBytes += result.utf8.count }
      guard expandedBytes <= ConfigurationLimits.expandedBytes else {
        throw ScalarProblem("more than \(Size.text(ConfigurationLimits.expandedBytes)) put in from outside")
      }
      return result
    } catch {
      self.error(error.message, hint: error.hint, at: node.mark)
      return nil
    }
  }

  /// What the last part of the path is called.
  private var key: String {
    path.split(separator: ".").last.map(String.init) ?? path
  }

  /// The text of a file that a value names by `file:`, without the line break at its end.
  func fileText(_ path: String, at mark: YAMLMark) -> String? {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      error("`file:` names no file", hint: "write `file:PATH`", at: mark)
      return nil
    }
    guard let (bytes, _) = open(path, from: mark) else { return nil }
    expandedBytes += bytes.count
    guard bytes.count <= ConfigurationLimits.valueBytes, expandedBytes <= ConfigurationLimits.expandedBytes else {
      error("\(quoted(path)) is larger than \(Size.text(ConfigurationLimits.valueBytes))", at: mark)
      return nil
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      error("\(quoted(path)) is not UTF-8", at: mark)
      return nil
    }
    if text.hasSuffix("\r\n") || text.hasSuffix("\n") { return String(text.dropLast()) }
    return text
  }
}
