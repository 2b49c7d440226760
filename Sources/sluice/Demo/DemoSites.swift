import FoundationEssentials

/// A request as the demo's web peers see it.
package struct DemoRequest: Equatable, Sendable {
  package var method = "GET"
  /// The path without the query.
  package var path = "/"
  package var body: [UInt8] = []

  package init(method: String = "GET", path: String = "/", body: [UInt8] = []) {
    self.method = method
    self.path = path
    self.body = body
  }
}

/// What a web peer answers.
package struct DemoReply: Equatable, Sendable {
  package var status = 200
  package var contentType = "text/plain; charset=utf-8"
  package var body = ""
  /// The methods of the resource, for 405.
  package var allow: String?
  /// Send the plant's values as server-sent events until the client leaves; `body` is not used.
  package var streamsEvents = false
}

/// Which web peer a server is.
package enum DemoSite: Sendable {
  /// The web app; two of them run side by side so that weighted pools have something to balance.
  case web(edition: String)
  case api

  /// Answers one request; pure but for the plant that the API writes.
  package func reply(to request: DemoRequest, plant: inout Plant) -> DemoReply {
    switch self {
    case .web(let edition): DemoSite.webReply(request, edition: edition)
    case .api: DemoSite.apiReply(request, &plant)
    }
  }

  private static func webReply(_ request: DemoRequest, edition: String) -> DemoReply {
    guard request.method == "GET" || request.method == "HEAD" else { return methodNotAllowed("GET, HEAD") }
    switch request.path {
    case "/": return DemoReply(contentType: "text/html; charset=utf-8", body: webPage(edition: edition))
    case "/healthz": return DemoReply(body: "well\n")
    case "/events": return DemoReply(contentType: "text/event-stream", streamsEvents: true)
    default: return DemoReply(status: 404, body: "no such page\n")
    }
  }

  private static func apiReply(_ request: DemoRequest, _ plant: inout Plant) -> DemoReply {
    switch request.path {
    case "/healthz": return DemoReply(body: "well\n")
    case "/api/values":
      guard request.method == "GET" || request.method == "HEAD" else { return methodNotAllowed("GET, HEAD") }
      return json(valuesJSON(plant))
    case "/api/setpoints":
      switch request.method {
      case "GET", "HEAD": return json(setpointsJSON(plant))
      case "POST": return write(request.body, to: &plant)
      default: return methodNotAllowed("GET, HEAD, POST")
      }
    default: return problem(404, "no such resource")
    }
  }

  private struct Setpoints: Decodable {
    var level: Double?
    var temperature: Double?
  }

  private static func write(_ body: [UInt8], to plant: inout Plant) -> DemoReply {
    guard let wanted = try? JSONDecoder().decode(Setpoints.self, from: Data(body)) else {
      return problem(400, "the body must be JSON such as {\"level\": 62.5}")
    }
    guard wanted.level != nil || wanted.temperature != nil else {
      return problem(422, "give level, temperature or both")
    }
    guard (0...100).contains(wanted.level ?? 0), (0...90).contains(wanted.temperature ?? 0) else {
      return problem(422, "level must lie in 0-100 (percent), temperature in 0-90 (degrees Celsius)")
    }
    if let level = wanted.level { _ = plant.setRegister(Plant.levelSetpointRegister, to: UInt16(level * 100)) }
    if let temperature = wanted.temperature {
      _ = plant.setRegister(Plant.temperatureSetpointRegister, to: UInt16(temperature * 10))
    }
    return json(setpointsJSON(plant))
  }

  /// The plant's measurements as a JSON object.
  package static func valuesJSON(_ plant: Plant) -> String {
    let level = decimal(plant.levelPercent)
    let temperature = decimal(plant.temperatureCelsius)
    let inflow = decimal(plant.inflowLitersPerMinute)
    let alarm = plant.discreteInput(0) || plant.discreteInput(1)
    return #"{"levelPercent":\#(level),"temperatureCelsius":\#(temperature),"#
      + #""inflowLitersPerMinute":\#(inflow),"alarm":\#(alarm)}"#
  }

  private static func setpointsJSON(_ plant: Plant) -> String {
    #"{"level":\#(decimal(plant.levelSetpoint)),"temperature":\#(decimal(plant.temperatureSetpoint))}"#
  }

  private static func decimal(_ value: Double) -> String { String((value * 100).rounded() / 100) }

  private static func json(_ text: String, status: Int = 200) -> DemoReply {
    DemoReply(status: status, contentType: "application/json", body: text + "\n")
  }

  private static func problem(_ status: Int, _ detail: String) -> DemoReply {
    let escaped = detail.replacing("\"", with: "\\\"")
    let body = #"{"status":\#(status),"detail":"\#(escaped)"}"# + "\n"
    return DemoReply(status: status, contentType: "application/problem+json", body: body)
  }

  private static func methodNotAllowed(_ allow: String) -> DemoReply {
    DemoReply(status: 405, body: "this resource answers to \(allow)\n", allow: allow)
  }
}
