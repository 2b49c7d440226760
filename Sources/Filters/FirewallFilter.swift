package import Firewall
package import Proxy
import SecLang
package import SluiceModel
import Wire

/// `firewall`: inspects requests, replies and messages with rules in the language of ModSecurity, by default the OWASP
/// core rule set.
///
/// Refuses with 403 (or `blockStatus`, or what the rule that decides says), with the exchange's id. What the rules can't
/// decide, because their time is over or a body can't be read, is for `onError` to decide. Bodies that rules look at are
/// held until they have; all others stream.
///
/// ```yaml
/// - firewall: { rules: crs, paranoia: 1, mode: block, responseBody: { inspect: true } }
/// ```
package final class FirewallFilter: Filter {
  static let description = FilterDescription(
    name: "firewall", points: [.requestHead, .requestBody, .replyHead, .replyBody, .webSocketMessage, .ended],
    posture: .hostileClients, maturity: .experimental)

  /// Bodies longer than this are inspected by a worker thread; compressed ones from a quarter of it.
  static let inlineBytes = 64 << 10

  package let name = "firewall"
  package let points: FilterPoints
  let configuration: FirewallFilterConfiguration
  let rules: RuleSet
  let variables: FirewallVariables
  let environment: FilterEnvironment
  let shared: FirewallShared
  let library: FirewallLibrary
  let budgetNanoseconds: UInt64
  private let mode: EngineMode
  private let page: BlockPage?

  /// - Returns: nil when the rules were never loaded.
  package init?(_ configuration: FirewallFilterConfiguration, environment: FilterEnvironment, library: FirewallLibrary)
  {
    guard let (rules, variables) = library.rules(configuration) else { return nil }
    self.configuration = configuration
    self.rules = rules
    self.variables = variables
    self.environment = environment
    self.library = library
    shared = environment.shared { FirewallShared(library) }
    budgetNanoseconds = configuration.timeBudget.wholeNanoseconds
    mode = configuration.mode == .block ? .on : .detectionOnly
    page = configuration.blockPage.map { BlockPage($0.bytes) }
    var points: FilterPoints = [.requestHead, .requestBody, .replyHead, .replyBody, .ended]
    if configuration.webSocketMessages.inspect { points.insert(.webSocketMessage) }
    self.points = points
  }

  // MARK: Request

  package func requestHead(_ exchange: Exchange) -> FilterAction {
    let inspection = exchange.state(of: self) { shared.take(rules) }
    inspection.hasBegun = true
    let transaction = inspection.transaction
    begin(transaction, exchange)
    _ = transaction.evaluateRequestHead()
    if let action = decide(exchange, inspection) { return action }
    if exchange.requestHasBody, transaction.wantsRequestBody {
      let limit = transaction.requestBodyLimit
      let isRefused = !rules.settings.processesPartialRequestBodies && transaction.mode == .on
      inspection.refusesLongRequest = isRefused
      if isRefused, let length = exchange.request.section.contentLength, length > limit {
        return tooLong(exchange, inspection, isReply: false) ?? .next
      }
      if reserve(exchange.request.section.contentLength, limit, inspection) {
        inspection.requestHold = BodyHold(bytes: limit, overflow: .pass)
        return .next
      }
      inspection.note(.memory)
      if let action = decide(exchange, inspection) { return action }
    }
    transaction.limitTime(toNanoseconds: budgetNanoseconds)
    _ = transaction.evaluateRequestBody()
    return decide(exchange, inspection) ?? .next
  }

  /// The head as the gate understood it.
  func begin(_ transaction: Transaction, _ exchange: Exchange) {
    transaction.begin(in: mode)
    transaction.limitTime(toNanoseconds: budgetNanoseconds)
    let received = exchange.requestBytes
    let bytes = received.span
    let head = exchange.request
    let client = exchange.client.text
    transaction.connection(
      client: client.bytes.span.extracting(0..<client.count), clientPort: Int(exchange.clientPort),
      server: Version.none.span, serverPort: Self.port(exchange))
    let id = exchange.id.text
    transaction.identify(id.span)
    let version = head.minorVersion == 0 ? Version.http10 : Version.http11
    let method = head.methodLength
    transaction.requestLine(
      method: bytes.extracting(0..<method), target: bytes.extracting((method &+ 1)..<head.targetRange.upperBound),
      version: version.span)
    for field in head.fields {
      transaction.requestHeader(name: bytes.extracting(field.nameRange), value: bytes.extracting(field.valueRange))
    }
  }

  /// The port that the client named, or that of its protocol.
  private static func port(_ exchange: Exchange) -> Int {
    let head = exchange.request
    var port = 0
    for index in head.hostRange.upperBound..<max(head.hostRange.upperBound, head.authorityRange.upperBound) {
      let byte = exchange.requestBytes[index]
      if (0x30...0x39).contains(byte), port < 1 << 16 { port = port * 10 + Int(byte & 15) }
    }
    return port > 0 ? port : exchange.tls == nil ? 80 : 443
  }

  package func requestBodyHold(_ exchange: Exchange) -> BodyHold? { known(exchange)?.requestHold }

  package func requestBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction {
    guard let inspection = known(exchange) else { return .next }
    if !exchange.isHeldBodyComplete, let action = tooLong(exchange, inspection, isReply: false) { return action }
    if environment.auditLog.parts.contains(.requestBody), environment.auditLog.target != .off {
      inspection.keptRequestBody = exchange.heldBody
    }
    let coding = Array((exchange.requestHeader("content-encoding") ?? "").utf8)
    let isWhole = exchange.isHeldBodyComplete
    let budget = budgetNanoseconds
    guard isHeavy(body.count, coding) else {
      inspection.inspectRequest(body, isWhole: isWhole, coding: coding, budgetNanoseconds: budget)
      return decide(exchange, inspection) ?? .next
    }
    let held = exchange.heldBody
    return away(exchange, inspection) { inspection in
      held.withBytes { inspection.inspectRequest($0, isWhole: isWhole, coding: coding, budgetNanoseconds: budget) }
    } orElse: { transaction in
      _ = transaction.evaluateRequestBody()
    }
  }

  // MARK: Reply

  package func replyHead(_ exchange: Exchange) -> FilterAction {
    guard let inspection = known(exchange) else { return .next }
    let transaction = inspection.transaction
    transaction.limitTime(toNanoseconds: budgetNanoseconds)
    let received = exchange.replyBytes
    let bytes = received.span
    let head = exchange.reply
    let version = head.minorVersion == 0 ? Version.http10 : Version.http11
    transaction.responseStatus(head.status, version: version.span)
    for field in head.fields {
      transaction.responseHeader(name: bytes.extracting(field.nameRange), value: bytes.extracting(field.valueRange))
    }
    _ = transaction.evaluateResponseHead()
    if let action = decide(exchange, inspection) { return action }
    if exchange.replyHasBody, transaction.wantsResponseBody, !isEventStream(exchange) {
      let limit = rules.settings.responseBodyLimit
      let isRefused = !rules.settings.processesPartialResponseBodies && transaction.mode == .on
      if reserve(head.section.contentLength, limit, inspection) {
        inspection.refusesLongReply = isRefused
        inspection.replyHold = BodyHold(bytes: limit, overflow: .pass)
        return .next
      }
      inspection.note(.memory)
      if let action = decide(exchange, inspection) { return action }
    }
    transaction.limitTime(toNanoseconds: budgetNanoseconds)
    _ = transaction.evaluateResponseBody()
    return decide(exchange, inspection) ?? .next
  }

  private func isEventStream(_ exchange: Exchange) -> Bool {
    exchange.replyHeader("content-type")?.lowercased().hasPrefix("text/event-stream") ?? false
  }

  package func replyBodyHold(_ exchange: Exchange) -> BodyHold? { known(exchange)?.replyHold }

  package func replyBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction {
    guard let inspection = known(exchange) else { return .next }
    if !exchange.isHeldBodyComplete, let action = tooLong(exchange, inspection, isReply: true) { return action }
    if environment.auditLog.parts.contains(.replyBody), environment.auditLog.target != .off {
      inspection.keptReplyBody = exchange.heldBody
    }
    let coding = Array((exchange.replyHeader("content-encoding") ?? "").utf8)
    let isWhole = exchange.isHeldBodyComplete
    let budget = budgetNanoseconds
    guard isHeavy(body.count, coding) else {
      inspection.inspectReply(body, isWhole: isWhole, coding: coding, budgetNanoseconds: budget)
      return decide(exchange, inspection) ?? .next
    }
    let held = exchange.heldBody
    return away(exchange, inspection) { inspection in
      held.withBytes { inspection.inspectReply($0, isWhole: isWhole, coding: coding, budgetNanoseconds: budget) }
    } orElse: { transaction in
      _ = transaction.evaluateResponseBody()
    }
  }

  /// A body that goes on past what is inspected never passes unsaid.
  /// - Returns: nil when its beginning is inspected and the rest passes.
  private func tooLong(_ exchange: Exchange, _ inspection: Inspection, isReply: Bool) -> FilterAction? {
    let refuses = isReply ? inspection.refusesLongReply : inspection.refusesLongRequest
    exchange.record(
      Finding(
        source: name, rule: isReply ? "responseBody.limit" : "requestBody.limit", verdict: refuses ? .block : .detect,
        reason: refuses
          ? "the \(isReply ? "reply" : "request") body is longer than what is inspected"
          : "of the \(isReply ? "reply" : "request") body only the beginning was inspected"))
    guard refuses else { return nil }
    return .reply(reply(exchange, status: isReply ? 502 : 413))
  }

  // MARK: Workers

  private func isHeavy(_ bytes: Int, _ coding: [UInt8]) -> Bool {
    bytes > (coding.isEmpty ? Self.inlineBytes : Self.inlineBytes / 4)
  }

  private func reserve(_ declared: Int?, _ limit: Int, _ inspection: Inspection) -> Bool {
    shared.reserve(min(declared ?? limit, limit), inspection, bound: configuration.requestBody.memoryBytes)
  }

  /// Has a worker do the work; the exchange waits.
  private func away(
    _ exchange: Exchange, _ inspection: Inspection, _ work: @escaping @Sendable (Inspection) -> Void,
    orElse: (Transaction) -> Void
  ) -> FilterAction {
    let id = exchange.id
    let workspaces = library.workspaces
    let carried = CarriedInspection(inspection: inspection)
    inspection.isAway = true
    let isTaken = environment.offload {
      carried.inspection.onWorker(workspaces) { work(carried.inspection) }
    } then: { [self] in
      inspection.isAway = false
      guard !inspection.isAbandoned else { return shared.giveBack(inspection) }
      exchange.resume(id, decide(exchange, inspection) ?? .next)
    }
    guard !isTaken else { return .wait }
    inspection.isAway = false
    inspection.note(.queue)
    if let action = decide(exchange, inspection) { return action }
    inspection.transaction.limitTime(toNanoseconds: budgetNanoseconds)
    orElse(inspection.transaction)
    return decide(exchange, inspection) ?? .next
  }

  // MARK: Decisions

  /// The inspection of an exchange whose head was evaluated.
  func known(_ exchange: Exchange) -> Inspection? {
    let inspection = exchange.state(of: self) { shared.take(rules) }
    return inspection.hasBegun && !inspection.isAway ? inspection : nil
  }

  /// What follows from what the rules say; nil when the exchange goes on.
  private func decide(_ exchange: Exchange, _ inspection: Inspection) -> FilterAction? {
    if let intervention = inspection.transaction.intervention { return refusal(exchange, intervention) }
    guard !inspection.isProblemAnswered, inspection.outcome != nil else { return nil }
    inspection.isProblemAnswered = true
    guard configuration.mode == .block, configuration.onError == .deny else { return nil }
    return .reply(reply(exchange, status: configuration.blockStatus))
  }

  private func refusal(_ exchange: Exchange, _ intervention: Intervention) -> FilterAction {
    switch intervention.kind {
    case .drop: return .reset
    case .redirect(let location):
      guard location.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { break }
      let status = (300...399).contains(intervention.status) ? intervention.status : 302
      return .reply(
        LocalReply(
          status: status, detail: "The request is answered elsewhere.",
          headers: [HeaderSetting(name: "Location", value: location)]))
    case .deny: break
    }
    let isOwn = intervention.status != 403 && (400...599).contains(intervention.status)
    return .reply(reply(exchange, status: isOwn ? intervention.status : configuration.blockStatus))
  }

  private func reply(_ exchange: Exchange, status: Int) -> LocalReply {
    LocalReply(
      status: status, detail: "The firewall has refused this exchange.",
      content: page.map { ("text/html; charset=utf-8", $0.body(exchange.id)) })
  }

  package func ended(_ exchange: Exchange) {
    let inspection = exchange.state(of: self) { shared.take(rules) }
    guard !inspection.isAway else {
      inspection.isAbandoned = true
      return
    }
    if inspection.hasBegun {
      inspection.transaction.limitTime(toNanoseconds: budgetNanoseconds)
      inspection.transaction.evaluateLogging()
      report(exchange, inspection)
      audit(exchange, inspection)
    }
    shared.giveBack(inspection)
  }
}

enum Version {
  static let http10 = Array("HTTP/1.0".utf8)
  static let http11 = Array("HTTP/1.1".utf8)
  static let none: [UInt8] = []
}

// invariant: the event loop leaves an inspection alone from the time it hands it to a worker (`isAway`) until the worker's
// answer is back on the loop; the worker does not keep it.
private struct CarriedInspection: @unchecked Sendable { let inspection: Inspection }

/// The page for a refused client, around the places of the exchange's id.
struct BlockPage {
  private let pieces: [ArraySlice<UInt8>]

  init(_ page: [UInt8]) {
    let mark = Array("{{id}}".utf8)
    var pieces: [ArraySlice<UInt8>] = []
    var rest = page[...]
    while let found = rest.firstRange(of: mark) {
      pieces.append(rest[..<found.lowerBound])
      rest = rest[found.upperBound...]
    }
    self.pieces = pieces + [rest]
  }

  func body(_ id: ExchangeID) -> [UInt8] { Array(pieces.joined(separator: Array(id.description.utf8))) }
}

extension Duration {
  /// Nanoseconds, as far as 64 bits hold them.
  var wholeNanoseconds: UInt64 {
    let parts = components
    guard parts.seconds >= 0 else { return 0 }
    let (product, isOverflow) = UInt64(parts.seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return isOverflow ? .max : product &+ UInt64(max(0, parts.attoseconds) / 1_000_000_000)
  }
}
