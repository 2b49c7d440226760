import ArgumentParser
import Control
import Foundation
import NIOCore
import SluiceModel
package import Telemetry

/// `sluice tap`: exchanges, operations and flows as they end.
struct Tap: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watch exchanges, operations and flows as they end.",
    discussion: """
      One line each: time, verdict, status, listener and route, client, what was asked, the guard that decided, id. \
      All filters that are given must hold.

      Examples:
        sluice tap --verdict block                 what is being refused
        sluice tap --route historian-api --status 5xx
        sluice tap --kind operation --recent 20    the last 20 Modbus operations, then live
        sluice tap --json --count 1                the next one, as JSON
      """)

  @OptionGroup var filters: FilterOptions

  @Option(help: ArgumentHelp("Begin with this many recent ones.", valueName: "n"))
  var recent = 0

  @Option(help: ArgumentHelp("End after this many.", valueName: "n"))
  var count: Int?

  @OptionGroup var output: JSONOption
  @OptionGroup var gateway: AdminOptions

  func validate() throws {
    guard (0...AdminLimits.exchangesPerReply).contains(recent) else {
      throw ValidationError("`--recent` takes 0 to \(AdminLimits.exchangesPerReply)")
    }
    if let count, count < 1 { throw ValidationError("`--count` takes 1 or more") }
  }

  func run() async throws {
    let client = try gateway.client()
    var left = count ?? Int.max
    if recent > 0 {
      let query = filters.query(["limit": String(min(recent, left))])
      let reply = try await client.request(.get, "/v1/exchanges" + query).decode(RecentExchanges.self)
      for event in reply.exchanges.reversed() {
        guard show(event) else { return }
        left -= 1
      }
    }
    guard left > 0 else { return }
    var parser = EventParser()
    var ended = false
    try await client.stream("/v1/exchanges/stream" + filters.query()) { part in
      guard let events = parser.received(part.readableBytesView) else {
        throw Failure("the gateway sends an event that is too long", status: ExitStatus.fault)
      }
      for event in events {
        if event.event == "gap" { complainAboutGap(event.data) }
        guard event.event == "exchange" else { continue }
        ended = !show(event.data)
        left -= 1
        if ended || left == 0 { return false }
      }
      return true
    }
    if !ended, left > 0 { Terminal.complain("the gateway ended the tap") }
  }

  /// Prints one; false when nobody reads any more.
  private func show(_ event: LogEvent) -> Bool {
    guard output.json else { return Terminal.print(TapLine.text(event)) }
    guard let bytes = try? AdminJSON.encoder().encode(event) else { return true }
    return Terminal.print(String(decoding: bytes, as: UTF8.self))
  }

  private func show(_ data: String) -> Bool {
    if output.json { return Terminal.print(data) }
    guard let event = try? AdminJSON.decoder().decode(LogEvent.self, from: Data(data.utf8)) else { return true }
    return show(event)
  }

  private func complainAboutGap(_ data: String) {
    let missed = (try? AdminJSON.decoder().decode([String: Int].self, from: Data(data.utf8)))?["missed"] ?? 0
    Terminal.complain("… \(missed) went by too fast to be shown (they are counted before the filters)")
  }
}

/// The reply of `/v1/exchanges`.
package struct RecentExchanges: Decodable {
  package var exchanges: [LogEvent]
}

/// Which exchanges are wanted.
package struct FilterOptions: ParsableArguments {
  @Option(help: "Only this route.")
  var route: String?

  @Option(help: ArgumentHelp("Only this status, such as 403, or class, such as 4xx.", valueName: "status"))
  var status: String?

  @Option(help: "Only this verdict.")
  var verdict: Verdict?

  @Option(help: "Only this kind.")
  var kind: Kind?

  @Option(help: "Only this listener.")
  var listener: String?

  @Option(help: ArgumentHelp("Only this client address, or range such as 10.0.0.0/8.", valueName: "address"))
  var client: String?

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case exchange, operation, flow, handshake, loss
  }

  /// The query string with its `?`, or nothing.
  package func query(_ others: [String: String] = [:]) -> String {
    var values: [(String, String?)] = [
      ("route", route), ("status", status), ("verdict", verdict?.rawValue), ("kind", kind?.rawValue),
      ("listener", listener), ("client", client),
    ]
    values += others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let pairs = values.compactMap { name, value in value.map { name + "=" + Self.encoded($0) } }
    return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
  }

  /// Percent-encodes all but unreserved characters (RFC 3986 §2.3).
  static func encoded(_ text: String) -> String {
    let hexadecimal = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// One exchange, operation or flow on one line.
package enum TapLine {
  package static func text(_ event: LogEvent) -> String {
    var parts = [clock(event.time), padded(event.verdict?.rawValue ?? "-", 9)]
    parts.append(padded(outcome(event), 6))
    parts.append([event.listener, event.route ?? event.asset].compactMap { $0 }.joined(separator: "/"))
    if let client = event.client { parts.append(client) }
    parts.append(subject(event))
    if let milliseconds = event.durationMs { parts.append("\(milliseconds) ms") }
    if let finding = decisive(event) {
      parts.append("[\(finding.source) \(finding.rule)]")
    }
    if let error = event.error { parts.append("(\(error))") }
    parts.append("\(event.id)")
    return Terminal.safe(parts.filter { !$0.isEmpty }.joined(separator: "  "))
  }

  /// The finding that decided; of a firewall's the one that scored, rather than the one that added up.
  private static func decisive(_ event: LogEvent) -> Finding? {
    let last = event.trace?.last { $0.verdict == event.verdict && $0.verdict != .allow }
    guard let last, last.match?.isBookkeeping == true else { return last }
    return event.trace?.last { $0.source == last.source && ($0.match?.score ?? 0) > 0 } ?? last
  }

  /// What was asked: a request, an operation, a connection.
  static func subject(_ event: LogEvent) -> String {
    switch event.kind {
    case "operation":
      var text = event.functionName ?? event.function.map { "function \($0)" } ?? "operation"
      if let unit = event.unit { text += " unit \(unit)" }
      if let target = event.target { text += " " + target }
      if let values = event.values { text += " = " + values }
      return text
    case "flow":
      return [event.flow?.rawValue, event.target.map { "to " + $0 }, event.reason.map { "(" + $0 + ")" }]
        .compactMap { $0 }.joined(separator: " ")
    case "handshake":
      return [
        "TLS handshake failed", event.pool.map { "with pool " + $0 }, event.upstream,
        event.failure.map { "(" + $0 + ")" }, event.detail,
      ].compactMap { $0 }.joined(separator: " ")
    case "loss": return "\(event.lost ?? 0) decision records were lost"
    default:
      return (event.method ?? "-") + " " + (event.host ?? "") + (event.path ?? "") + (event.query == true ? "?…" : "")
    }
  }

  private static func outcome(_ event: LogEvent) -> String {
    if let status = event.status { return String(status) }
    if let exception = event.exception { return "ex \(exception)" }
    return event.kind == "operation" ? "ok" : "-"
  }

  /// The time of day of an RFC 3339 time.
  private static func clock(_ time: String) -> String {
    guard let separator = time.firstIndex(of: "T") else { return time }
    return String(time[time.index(after: separator)...].prefix(12))
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
