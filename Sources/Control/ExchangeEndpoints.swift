import FoundationEssentials
import HTTPTypes
import Hummingbird
package import SluiceModel
package import Telemetry

/// `/v1/exchanges`: recent exchanges, one of them, and the live tap.
package enum ExchangeEndpoints {
  static func list(_ call: AdminCall) async throws -> Response {
    let filter = try ExchangeFilter(query: call.query)
    var limit = AdminLimits.exchangesPerReplyDefault
    if let text = call.query["limit"] {
      guard let value = Int(text), (1...AdminLimits.exchangesPerReply).contains(value) else {
        throw Problem.badRequest(
          "`\(bounded(text))` is not a limit", hint: "a number from 1 to \(AdminLimits.exchangesPerReply)")
      }
      limit = value
    }
    let rings = await call.gateway.snapshots(recent: true).map(\.recent)
    let lines = newest(rings, limit: limit, where: filter.matches)
    var body = Array("{\"exchanges\":[".utf8)
    for (index, line) in lines.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      body += line.json.utf8
    }
    body += Array("]}".utf8)
    return call.raw(body)
  }

  /// The newest lines of all rings that pass, newest first. A line's age is in its id, so the rings merge by id.
  package static func newest(_ rings: [[RecentLine]], limit: Int, where passes: (RecentLine) -> Bool) -> [RecentLine] {
    var found: [(id: ExchangeID, line: RecentLine)] = []
    for ring in rings {
      var taken = 0
      for line in ring.reversed() where taken < limit && passes(line) {
        guard let id = identifier(line) else { continue }
        found.append((id, line))
        taken += 1
      }
    }
    found.sort { ($0.id.high, $0.id.low) > ($1.id.high, $1.id.low) }
    return found.prefix(limit).map(\.line)
  }

  /// The id in a log line, without decoding the rest.
  package static func identifier(_ line: RecentLine) -> ExchangeID? {
    guard let start = line.json.utf8.firstRange(of: Array("\"id\":\"".utf8))?.upperBound else { return nil }
    return ExchangeID(Substring(line.json.utf8[start...].prefix(36)))
  }

  static func show(_ call: AdminCall) async throws -> Response {
    let id = try call.identifier()
    for snapshot in await call.gateway.snapshots(recent: true) {
      if let line = snapshot.recent.last(where: { identifier($0) == id }) { return call.raw(Array(line.json.utf8)) }
    }
    if let line = try await call.gateway.decision(id: id) { return call.raw(Array(line.utf8)) }
    let decisions = await call.gateway.configuration().logs.decisions
    let recorded =
      decisions.record == .all
      ? "every decision" : "everything but plain allows and industrial reads"
    throw Problem(
      "unknown-id", status: 404, title: "nothing is kept about this id",
      detail: "`\(id)` is neither among the recent exchanges nor in the decision log",
      hint: "the decision log keeps \(recorded) for \(days(decisions.keep)) within "
        + "\(decisions.maximumSizeBytes >> 20) MiB; the rest is kept in memory for a short while only")
  }

  static func stream(_ call: AdminCall) async throws -> Response {
    let filter = try ExchangeFilter(query: call.query)
    var resume: TapCursor?
    if let name = HTTPField.Name("Last-Event-ID"), let text = call.head.headerFields[name] {
      guard let cursor = TapCursor(text) else {
        throw Problem.badRequest("`Last-Event-ID` is not an id that this stream sent")
      }
      resume = cursor
    }
    return try await ExchangeStream(gateway: call.gateway, state: call.state, filter: filter, resume: resume).response()
  }

  private static func days(_ duration: Duration) -> String {
    let seconds = duration.components.seconds
    if seconds >= 2 * 86_400 { return "\(seconds / 86_400) days" }
    if seconds >= 2 * 3_600 { return "\(seconds / 3_600) hours" }
    return "\(seconds) seconds"
  }
}
