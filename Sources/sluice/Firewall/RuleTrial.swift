import Firewall
package import SecLang

/// Runs requests through rules in this process, in front of a ``ReflectingBackend``. For one thread.
package final class RuleTrial {
  private let rules: RuleSet
  private let transaction: Transaction
  private let backend = ReflectingBackend()

  package init(_ rules: RuleSet) {
    self.rules = rules
    transaction = Transaction(rules, workspace: .system(timeBudgetNanoseconds: 60_000_000_000))
  }

  /// Bytes that HTTP refuses are refused in the outcome; the rules see them all the same, as far as they can be taken
  /// apart.
  package func run(_ bytes: [UInt8]) -> RegressionOutcome {
    let request = SplitRequest(bytes)
    transaction.reset(rules)
    var outcome = RegressionOutcome()
    outcome.refusal = request.refusal
    let reply = exchange(request)
    transaction.evaluateLogging()
    outcome.status = request.refusal?.status ?? reply.status
    outcome.response = Self.bytes(of: reply)
    outcome.hits = transaction.matches.filter(\.isLogged).map(Self.hit)
    for field in reply.fields {
      switch field.name.lowercased() {
      case "set-cookie": outcome.cookies.append(field.value)
      case "location": outcome.location = field.value
      default: break
      }
    }
    return outcome
  }

  /// The phases of one exchange.
  private func exchange(_ request: SplitRequest) -> ReflectingBackend.Reply {
    let address = Array("127.0.0.1".utf8)
    transaction.connection(client: address.span, clientPort: 40_000, server: address.span, serverPort: 80)
    transaction.identify(Array("019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b".utf8).span)
    transaction.requestLine(method: request.method.span, target: request.target.span, version: request.version.span)
    for field in request.fields { transaction.requestHeader(name: field.name.span, value: field.value.span) }
    if let refusal = transaction.evaluateRequestHead() { return Self.reply(refusal) }
    if !request.body.isEmpty, let refusal = transaction.requestBody(request.body.span) { return Self.reply(refusal) }
    if let refusal = transaction.evaluateRequestBody() { return Self.reply(refusal) }
    let reply = backend.reply(
      method: String(decoding: request.method, as: UTF8.self), target: String(decoding: request.target, as: UTF8.self),
      body: request.body)
    transaction.responseStatus(reply.status, version: Array("HTTP/1.1".utf8).span)
    for field in reply.fields + [RegressionField(name: "Content-Length", value: String(reply.body.count))] {
      transaction.responseHeader(name: Array(field.name.utf8).span, value: Array(field.value.utf8).span)
    }
    if let refusal = transaction.evaluateResponseHead() { return Self.reply(refusal) }
    if transaction.wantsResponseBody, let refusal = transaction.responseBody(reply.body.span) {
      return Self.reply(refusal)
    }
    if let refusal = transaction.evaluateResponseBody() { return Self.reply(refusal) }
    return reply
  }

  private static func reply(_ intervention: Intervention) -> ReflectingBackend.Reply {
    var reply = ReflectingBackend.Reply(status: intervention.status)
    if case .redirect(let location) = intervention.kind {
      reply.fields = [RegressionField(name: "Location", value: location)]
    }
    return reply
  }

  private static func bytes(of reply: ReflectingBackend.Reply) -> [UInt8] {
    var bytes = Array("HTTP/1.1 \(reply.status) \r\n".utf8)
    for field in reply.fields { bytes += "\(field.name): \(field.value)\r\n".utf8 }
    return bytes + "\r\n".utf8 + reply.body
  }

  private static let severities = ["EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"]

  private static func hit(_ match: RuleMatch) -> RegressionOutcome.Hit {
    RegressionOutcome.Hit(
      id: match.ruleID, message: String(decoding: match.message, as: UTF8.self),
      data: String(decoding: match.data, as: UTF8.self),
      severity: match.severity.flatMap { severities.indices.contains($0) ? severities[$0] : nil },
      targets: match.targets.map { String(decoding: $0.name, as: UTF8.self) })
  }
}
