import FoundationEssentials
import SluiceModel
package import Telemetry

/// Which log lines the list and the live tap show; all that is given must hold.
package struct ExchangeFilter: Sendable {
  var route: String?
  var listener: String?
  var client: AddressRange?
  var verdict: Verdict?
  var kind: String?
  /// The bounds of the status, inclusive.
  var status: ClosedRange<Int>?
  private var needles: [[UInt8]] = []

  static let kinds = ["exchange", "operation", "flow", "handshake", "loss"]

  static let parameters = [
    AdminParameter(name: "route", place: .query, summary: "the route's name"),
    AdminParameter(name: "listener", place: .query, summary: "the listener's name"),
    AdminParameter(
      name: "status", place: .query, summary: "a status such as `403`, or a class such as `4xx`",
      schema: ["type": "string", "pattern": "^[1-5]([0-9][0-9]|xx)$"]),
    AdminParameter(
      name: "verdict", place: .query, summary: "what the gate decided",
      schema: ["type": "string", "enum": .array(Verdict.allCases.map { .string($0.rawValue) })]),
    AdminParameter(
      name: "kind", place: .query, summary: "what the line is about",
      schema: ["type": "string", "enum": .array(kinds.map { .string($0) })]),
    AdminParameter(name: "client", place: .query, summary: "the client's address, or a range such as `10.0.0.0/8`"),
  ]

  var isEmpty: Bool {
    route == nil && listener == nil && client == nil && verdict == nil && kind == nil && status == nil
  }

  /// - Throws: `Problem` with status 400 for a value that can't be one.
  package init(query: [String: String]) throws {
    route = query["route"]
    listener = query["listener"]
    client = try query["client"].map { text in
      guard let range = AddressRange(text) else {
        throw Problem.badRequest(
          "`\(bounded(text))` is not an address", hint: "such as `10.0.2.7`, or a range such as `10.0.0.0/8`")
      }
      return range
    }
    verdict = try query["verdict"].map { text in
      guard let verdict = Verdict(rawValue: text) else {
        let known = Verdict.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        throw Problem.badRequest("`\(bounded(text))` is not a verdict", hint: "one of " + known)
      }
      return verdict
    }
    kind = try query["kind"].map { text in
      guard Self.kinds.contains(text) else {
        let known = Self.kinds.map { "`\($0)`" }.joined(separator: ", ")
        throw Problem.badRequest("`\(bounded(text))` is not a kind", hint: "one of " + known)
      }
      return text
    }
    status = try query["status"].map(Self.statuses)
    needles = Self.needles(self)
  }

  private static func statuses(_ text: String) throws -> ClosedRange<Int> {
    if text.utf8.count == 3 {
      if let status = Int(text), (100...599).contains(status) { return status...status }
      if text.lowercased().hasSuffix("xx"), let digit = Int(text.prefix(1)), (1...5).contains(digit) {
        return digit * 100...digit * 100 + 99
      }
    }
    throw Problem.badRequest("`\(bounded(text))` is not a status", hint: "such as `403`, or `4xx` for a class")
  }

  package func matches(_ line: RecentLine) -> Bool {
    if isEmpty { return true }
    guard mayMatch(line.json) else { return false }
    guard let event = try? AdminJSON.decoder().decode(LogEvent.self, from: Data(line.json.utf8)) else { return false }
    return matches(event)
  }

  package func matches(_ event: LogEvent) -> Bool {
    if let route, event.route != route { return false }
    if let listener, event.listener != listener { return false }
    if let verdict, event.verdict != verdict { return false }
    if let kind, event.kind != kind { return false }
    if let status {
      guard let value = event.status, status.contains(value) else { return false }
    }
    if let client {
      guard let address = event.client.flatMap(Self.address), client.contains(address) else { return false }
    }
    return true
  }

  /// Whether a line holds the texts without which it can't match. Decoding every line of a ring several times a second
  /// would cost more than the gateway itself.
  private func mayMatch(_ json: String) -> Bool {
    var json = json
    return json.withUTF8 { line in needles.allSatisfy { Self.contains($0, line) } }
  }

  // invariant: `start + index` stays below `line.count`; the pointer is not kept.
  private static func contains(_ needle: [UInt8], _ line: UnsafeBufferPointer<UInt8>) -> Bool {
    guard line.count >= needle.count else { return false }
    return (0...line.count - needle.count).contains { start in
      for (index, byte) in needle.enumerated() where line[start + index] != byte { return false }
      return true
    }
  }

  private static func needles(_ filter: ExchangeFilter) -> [[UInt8]] {
    func text(_ key: String, _ value: String) -> [UInt8] {
      Array("\"\(key)\":\"".utf8) + LogName(value).json + [UInt8(ascii: "\"")]
    }
    var result: [[UInt8]] = []
    if let route = filter.route { result.append(text("route", route)) }
    if let listener = filter.listener { result.append(text("listener", listener)) }
    if let verdict = filter.verdict { result.append(text("verdict", verdict.rawValue)) }
    if let kind = filter.kind { result.append(text("kind", kind)) }
    if let status = filter.status {
      let digits = String(status.lowerBound)
      result.append(Array("\"status\":\(status.count == 1 ? digits : String(digits.prefix(1)))".utf8))
    }
    return result
  }

  /// The address in `10.0.0.1`, `10.0.0.1:80`, `::1` or `[::1]:80`.
  private static func address(_ text: String) -> IPAddress? {
    if let address = IPAddress(text) { return address }
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let host = text[..<colon]
    return host.first == "[" && host.last == "]" ? IPAddress(host.dropFirst().dropLast()) : IPAddress(host)
  }
}
