import Foundation
import Glibc

/// A real gateway process with a configuration of the test's own, in a directory of its own.
final class GatewayProcess: Sendable {
  struct ReadyLine: Decodable, Sendable {
    struct Listener: Decodable, Sendable {
      var name: String
      var address: String
    }

    var event: String
    var listeners: [Listener]
    var admin: String
  }

  let directory: URL
  let ready: ReadyLine
  private let run: ProgramRun

  /// The program under test: `SLUICE_BIN`, or the `sluice` beside the test bundle.
  static var program: String {
    if let path = ProcessInfo.processInfo.environment["SLUICE_BIN"] { return path }
    let bundle = CommandLine.arguments.lazy.compactMap { argument -> String? in
      guard let range = argument.range(of: ".xctest") else { return nil }
      return URL(filePath: String(argument[..<range.upperBound])).deletingLastPathComponent().path
    }.first
    if let bundle { return bundle + "/sluice" }
    return URL(filePath: CommandLine.arguments.first ?? "").deletingLastPathComponent().appending(path: "sluice").path
  }

  /// Starts the gateway and waits until it serves.
  ///
  /// - Parameter configuration: everything but `admin` and `logs`, which the test's directory gets. The access log goes to
  ///   standard output, where `logLine` reads it.
  init(_ configuration: String, in directory: URL? = nil) throws {
    self.directory = try directory ?? GatewayProcess.makeDirectory()
    let file = self.directory.appending(path: "sluice.yaml")
    try GatewayProcess.whole(configuration, self.directory).write(to: file, atomically: true, encoding: .utf8)
    run = try ProgramRun(GatewayProcess.program, ["run", "-c", file.path], directory: self.directory)
    let line: String
    do {
      line = try run.output.first(within: 20) { $0.contains("\"event\":\"ready\"") }
    } catch {
      throw PeerFailure("the gateway did not get ready: \(run.errors.all.joined(separator: "\n"))")
    }
    ready = try JSONDecoder().decode(ReadyLine.self, from: Data(line.utf8))
  }

  deinit {
    run.signal(SIGKILL)
    _ = try? run.status()
    if ProcessInfo.processInfo.environment["SLUICE_KEEP"] == nil { try? FileManager.default.removeItem(at: directory) }
  }

  var pid: Int32 { run.pid }
  var admin: String { "unix:\(directory.path)/admin.sock" }
  /// What the gateway wrote to standard error.
  var errors: [String] { run.errors.all }

  /// The bound port of a listener.
  func port(_ name: String) throws -> Int {
    let address = ready.listeners.first { $0.name == name }?.address ?? ""
    guard let port = Int(address.split(separator: ":").last ?? "") else { throw PeerFailure("no listener `\(name)`") }
    return port
  }

  /// A connection to the listener `web`, or another.
  func connect(_ name: String = "web") throws -> RawConnection { try RawConnection(port: port(name)) }

  /// Sends one request and reads the reply; `Connection: close` stays with the caller.
  func exchange(_ request: String, hasBody: Bool = true) throws -> HTTPMessage {
    let connection = try connect()
    try connection.send(request)
    return try connection.readMessage(hasBody: hasBody)
  }

  /// The access log's line that fits, waited for.
  func logLine(where fits: ([String: JSONText]) -> Bool) throws -> [String: JSONText] {
    var found: [String: JSONText] = [:]
    _ = try run.output.first { line in
      guard let entry = JSONText.object(line), fits(entry) else { return false }
      found = entry
      return true
    }
    return found
  }

  /// The access log's line of an id.
  func logLine(id: String) throws -> [String: JSONText] { try logLine { $0["id"]?.text == id } }

  /// The line on standard error that fits, waited for; lines before `skipped` are not looked at.
  func errorLine(after skipped: Int = 0, where fits: (String) -> Bool) throws -> String {
    try run.errors.first(after: skipped, where: fits)
  }

  /// Replaces the configuration file and reloads by the admin API; the status is the command's.
  func reload(_ configuration: String) throws -> (status: Int32, output: String, errors: String) {
    try replaceConfiguration(configuration)
    return try command("reload")
  }

  func replaceConfiguration(_ configuration: String) throws {
    let file = directory.appending(path: "sluice.yaml")
    try GatewayProcess.whole(configuration, directory).write(to: file, atomically: true, encoding: .utf8)
  }

  /// Runs a command of the program against this gateway.
  func command(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    try ProgramRun.finish(GatewayProcess.program, arguments + ["--admin", admin])
  }

  func signal(_ number: Int32) { run.signal(number) }

  /// Waits until the process has ended.
  func status(within seconds: Double = 30) throws -> Int32 { try run.status(within: seconds) }

  static func makeDirectory() throws -> URL {
    var template = Array("/tmp/sluice-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw PeerFailure("no temporary directory: \(String(cString: strerror(errno)))")
    }
    return URL(filePath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  private static func whole(_ configuration: String, _ directory: URL) -> String {
    """
    admin: { address: "unix:\(directory.path)/admin.sock" }
    logs: { access: stdout, audit: { path: "\(directory.path)/audit.jsonl" }, \
    decisions: { directory: "\(directory.path)/decisions", record: all } }
    \(configuration)
    """
  }
}

/// A JSON value whose scalars are compared as text.
enum JSONText: Decodable, Sendable {
  case scalar(String)
  case list([JSONText])
  case object([String: JSONText])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode([String: JSONText].self) {
      self = .object(value)
    } else if let value = try? container.decode([JSONText].self) {
      self = .list(value)
    } else if let value = try? container.decode(String.self) {
      self = .scalar(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .scalar(String(value))
    } else if let value = try? container.decode(Int.self) {
      self = .scalar(String(value))
    } else if let value = try? container.decode(Double.self) {
      self = .scalar(String(value))
    } else {
      self = .scalar("null")
    }
  }

  static func object(_ line: String) -> [String: JSONText]? {
    try? JSONDecoder().decode([String: JSONText].self, from: Data(line.utf8))
  }

  /// The scalar's text; nil for lists and objects.
  var text: String? { if case .scalar(let text) = self { text } else { nil } }

  /// The list's entries; empty for everything else.
  var entries: [JSONText] { if case .list(let entries) = self { entries } else { [] } }

  subscript(key: String) -> JSONText? { if case .object(let members) = self { members[key] } else { nil } }
}

extension [String: JSONText] {
  /// The reasons of the decision trace, joined.
  var reasons: String {
    (self["trace"]?.entries ?? []).compactMap { $0["reason"]?.text }.joined(separator: "; ")
  }

  /// The rules of the decision trace.
  var rules: [String] { (self["trace"]?.entries ?? []).compactMap { $0["rule"]?.text } }
}
