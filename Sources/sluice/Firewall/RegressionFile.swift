import Foundation
import Yams

/// Reads files of regression tests: the format of go-ftw, and that of its first version.
package enum RegressionFile {
  /// Bytes of one file.
  private static let maximumBytes = 16 << 20

  /// Files of tests under a folder, or the file itself, sorted.
  ///
  /// - Throws: `Failure` when there is no such file or folder.
  package static func find(_ path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Failure("there is no file or folder `\(Terminal.safe(path))`")
    }
    guard isFolder.boolValue else { return [path] }
    let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(folder)/\($0)" }
  }

  /// The tests of a file.
  ///
  /// - Throws: `Failure` with the file's name when it can't be read or is none.
  package static func read(_ path: String) throws -> [RegressionTest] {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw Failure("can't read `\(Terminal.safe(path))`")
    }
    guard bytes.count <= maximumBytes else { throw Failure("`\(Terminal.safe(path))` is longer than 16 MiB") }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure("`\(Terminal.safe(path))` is not UTF-8")
    }
    return try parse(text, file: path)
  }

  package static func parse(_ text: String, file: String) throws -> [RegressionTest] {
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw Failure("\(Terminal.safe(file)): \(Terminal.safe("\(error)"))")
    }
    guard let root, let tests = root["tests"]?.sequence else {
      throw Failure("\(Terminal.safe(file)):1:1: no `tests` here", hint: "files of tests are those of go-ftw")
    }
    var reader = RegressionReader(file: file)
    reader.rule = root["rule_id"].flatMap(reader.number) ?? firstNumber(file)
    reader.isEnabled = root["meta"]?["enabled"]?.bool ?? true
    return try tests.enumerated().map { try reader.test($1, number: $0 + 1) }
  }

  /// The rule that a file is named after: `942100.yaml`.
  private static func firstNumber(_ file: String) -> Int {
    let name = file.split(separator: "/").last ?? ""
    return Int(name.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
  }
}

/// Reads the tests of one file.
private struct RegressionReader {
  let file: String
  var rule = 0
  var isEnabled = true

  private func failure(_ node: Node, _ message: String) -> Failure {
    let place = node.mark.map { ":\($0.line):\($0.column)" } ?? ""
    return Failure("\(Terminal.safe(file))\(place): \(message)")
  }

  func number(_ node: Node) -> Int? { node.scalar.flatMap { Int($0.string) } }

  func text(_ node: Node?) -> String? { node?.scalar?.string }

  func test(_ node: Node, number position: Int) throws -> RegressionTest {
    guard let stages = node["stages"]?.sequence, !stages.isEmpty else { throw failure(node, "the test has no stages") }
    var test = RegressionTest(
      rule: rule, number: node["test_id"].flatMap(number) ?? position, description: text(node["desc"]) ?? "",
      stages: [], isEnabled: isEnabled, file: file)
    // The first version of the format names its tests `942100-1`.
    if let title = text(node["test_title"]) {
      let parts = title.split(separator: "-")
      if parts.count == 2, let rule = Int(parts[0]), let number = Int(parts[1]) {
        test.rule = rule
        test.number = number
      }
    }
    test.stages = try stages.map { try stage($0["stage"] ?? $0) }
    return test
  }

  private func stage(_ node: Node) throws -> RegressionTest.Stage {
    guard let input = node["input"], let output = node["output"] else {
      throw failure(node, "the stage has no `input` or no `output`")
    }
    let stage = RegressionTest.Stage(input: try self.input(input), output: try expectation(output))
    guard !stage.output.isIsolated || stage.output.ids.count == 1 else {
      throw failure(output, "`isolated` goes with one id in `expect_ids`")
    }
    return stage
  }

  private func input(_ node: Node) throws -> RegressionInput {
    var input = RegressionInput()
    if let method = text(node["method"]) { input.method = method }
    if let uri = text(node["uri"]) { input.target = uri }
    if let version = text(node["version"]) { input.version = version }
    input.fields = try fields(node)
    if let data = text(node["data"]) { input.data = Array(RegressionTemplate.expanded(data).utf8) }
    if let data = node["encoded_data"] { input.data = try base64(data) }
    if let request = node["encoded_request"], text(request)?.isEmpty == false {
      guard input.data.isEmpty else { throw failure(request, "`data` and `encoded_request` exclude each other") }
      input.encodedRequest = try base64(request)
    }
    if let request = text(node["raw_request"]), !request.isEmpty { input.encodedRequest = Array(request.utf8) }
    if let flag = node["autocomplete_headers"]?.bool {
      input.completes = flag
    } else if let flag = node["stop_magic"]?.bool {
      input.completes = !flag
    }
    input.savesCookies = node["save_cookie"]?.bool ?? false
    input.followsRedirect = node["follow_redirect"]?.bool ?? false
    return input
  }

  /// A mapping has no order: its fields are sent sorted by name.
  private func fields(_ node: Node) throws -> [RegressionField] {
    if let ordered = node["ordered_headers"]?.sequence {
      return try ordered.map { field in
        guard let name = text(field["name"]) else { throw failure(field, "the header has no `name`") }
        return RegressionField(name: name, value: text(field["value"]) ?? "")
      }
    }
    guard let headers = node["headers"]?.mapping else { return [] }
    return try headers.map { key, value in
      guard let name = key.scalar?.string, let value = value.scalar?.string else {
        throw failure(key, "a header is a name and a text")
      }
      return RegressionField(name: name, value: value)
    }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private func base64(_ node: Node) throws -> [UInt8] {
    guard let data = Data(base64Encoded: text(node) ?? "", options: .ignoreUnknownCharacters) else {
      throw failure(node, "this is not base64")
    }
    return Array(data)
  }

  private func expectation(_ node: Node) throws -> RegressionExpectation {
    var expectation = RegressionExpectation()
    if let status = node["status"] {
      expectation.statuses = (status.sequence.map(Array.init) ?? [status]).compactMap(number).filter { $0 != 0 }
    }
    expectation.responseContains = text(node["response_contains"])
    expectation.isError = node["expect_error"]?.bool
    expectation.retriesOnce = node["retry_once"]?.bool ?? false
    expectation.isIsolated = node["isolated"]?.bool ?? false
    expectation.logPattern = text(node["log_contains"])
    expectation.absentLogPattern = text(node["no_log_contains"])
    guard let log = node["log"] else { return expectation }
    expectation.ids = try ids(log["expect_ids"])
    expectation.absentIDs = try ids(log["no_expect_ids"])
    if let pattern = text(log["match_regex"]) { expectation.logPattern = pattern }
    if let pattern = text(log["no_match_regex"]) { expectation.absentLogPattern = pattern }
    return expectation
  }

  private func ids(_ node: Node?) throws -> [Int] {
    guard let node else { return [] }
    return try (node.sequence.map(Array.init) ?? [node]).map { entry in
      guard let id = number(entry) else { throw failure(entry, "a rule's id is a number") }
      return id
    }
  }
}
