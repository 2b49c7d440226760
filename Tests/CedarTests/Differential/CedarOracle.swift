import Cedar
import Foundation

/// The reference implementation, behind a program in Python that answers line by line.
final class CedarOracle {
  struct Failure: Error, CustomStringConvertible { var description: String }

  private let process: Process
  private let input: Pipe
  private let output: FileHandle
  private var buffer = Data()

  static let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
  static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Peers/cedar_oracle.py").path()

  /// Whether there is a Python that has cedarpy.
  static let isThere: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [python, "-c", "import cedarpy; cedarpy.PolicySet.with_linked_batch"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  init() throws {
    process = Process()
    input = Pipe()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [Self.python, Self.script]
    process.standardInput = input
    process.standardOutput = pipe
    output = pipe.fileHandleForReading
    try process.run()
    guard try line().contains("ready") else { throw Failure(description: "the oracle did not start") }
  }

  deinit {
    try? input.fileHandleForWriting.close()
    if process.isRunning { process.terminate() }
  }

  private func line() throws -> String {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        let text = String(decoding: buffer[..<end], as: UTF8.self)
        buffer = Data(buffer[buffer.index(after: end)...])
        return text
      }
      let more = output.availableData
      if more.isEmpty { throw Failure(description: "the oracle ended") }
      buffer.append(more)
    }
  }

  func ask<Answer: Decodable>(_ question: String, as type: Answer.Type) throws -> Answer {
    try input.fileHandleForWriting.write(contentsOf: Data((question + "\n").utf8))
    return try JSONDecoder().decode(Answer.self, from: Data(try line().utf8))
  }

  func answer(_ question: DifferentialCase) throws -> CaseAnswer {
    var answer = try ask(Self.text(question), as: CaseAnswer.self)
    if question.style.route == .referenceJSON, answer.policies == nil {
      answer.policyJSON = try policyJSON(question.policyText)
    }
    return answer
  }

  /// The policies of a text as JSON.
  func policyJSON(_ text: String) throws -> String {
    struct Answer: Decodable { var json: String }
    return try ask("{\"op\":\"policyJSON\",\"text\":\(text.json)}", as: Answer.self).json
  }

  /// Whether texts are accepted: nil, or why not.
  func refusals(_ kind: String, _ texts: [String], schema: String? = nil) throws -> [String?] {
    struct Refusals: Decodable { var refusals: [String?] }
    let list = texts.map(\.json).joined(separator: ",")
    let question = "{\"op\":\"parse\",\"kind\":\"\(kind)\",\"texts\":[\(list)],\"schema\":\(schema?.json ?? "null")}"
    return try ask(question, as: Refusals.self).refusals
  }

  private static func text(_ question: DifferentialCase) -> String {
    let links = question.links.map { link in
      var values: [String] = []
      if let uid = link.principal { values.append("\"?principal\":" + EntityWriter.plain(uid)) }
      if let uid = link.resource { values.append("\"?resource\":" + EntityWriter.plain(uid)) }
      return "{\"templateId\":\(link.template.text.json),\"newId\":\(link.id.text.json),\"values\":{"
        + values.joined(separator: ",") + "}}"
    }
    let requests = question.requests.map { request in
      "{\"principal\":\(EntityWriter.plain(request.principal)),\"action\":\(EntityWriter.plain(request.action)),"
        + "\"resource\":\(EntityWriter.plain(request.resource)),\"context\":\(question.contextText(request).json)}"
    }
    return "{\"op\":\"case\",\"schema\":{\(question.style.hasSchemaJSON ? "\"json\"" : "\"text\""):"
      + question.schemaText.json + "},\"text\":" + CedarAnswers.referenceText(question).json
      + CedarAnswers.referenceJSON(question) + ",\"links\":["
      + links.joined(separator: ",") + "],\"entities\":" + question.entitiesText.json + ",\"requests\":["
      + requests.joined(separator: ",") + "]}"
  }
}
