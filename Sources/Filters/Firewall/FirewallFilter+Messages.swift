package import Proxy
import SecLang
import SluiceModel

/// Messages of upgraded connections: each goes through the rules in a transaction of its own, behind the head of the
/// request that upgraded the connection. One of the client's stands in place of a request body (phase 2), one of the
/// server's in place of a reply body (phase 4), where reply bodies are inspected.
extension FirewallFilter {
  package func webSocketMessageLimit(_ exchange: Exchange) -> Int? {
    configuration.webSocketMessages.inspect ? configuration.webSocketMessages.limitBytes : nil
  }

  package func webSocketMessage(
    _ exchange: Exchange, _ message: WebSocketMessage, _ payload: Span<UInt8>
  ) -> WebSocketAction {
    guard !payload.isEmpty, message.isFromClient || configuration.responseBody.inspect else { return .next }
    let inspection = shared.take(rules)
    defer { shared.giveBack(inspection) }
    let transaction = inspection.transaction
    begin(transaction, exchange)
    // What the head scores was decided when the connection was upgraded; rules set their variables there.
    var decision = transaction.evaluateRequestHead()
    if decision == nil {
      decision = message.isFromClient ? inspectRequest(transaction, payload) : inspectReply(transaction, payload)
    }
    if decision != nil || transaction.detectedIntervention != nil { record(exchange, transaction) }
    if let decision {
      if exchange.trace.verdict != .block {
        exchange.record(
          Finding(
            source: name, rule: "\(decision.ruleID)", verdict: .block, reason: "a rule has refused a message"))
      }
      return .close(reason: "refused by the firewall")
    }
    guard let problem = inspection.outcome else { return .next }
    let isRefused = configuration.mode == .block && configuration.onError == .deny
    exchange.record(
      Finding(
        source: name, rule: problem.rawValue, verdict: isRefused ? .block : .detect, reason: problem.reason))
    return isRefused ? .close(reason: "not inspected") : .next
  }

  private func inspectRequest(_ transaction: Transaction, _ payload: Span<UInt8>) -> Intervention? {
    transaction.requestMessage(payload)
    return transaction.evaluateRequestBody()
  }

  private func inspectReply(_ transaction: Transaction, _ payload: Span<UInt8>) -> Intervention? {
    transaction.responseStatus(200, version: Version.http11.span)
    transaction.responseHeader(name: MessageText.contentType.span, value: MessageText.textPlain.span)
    if let decision = transaction.evaluateResponseHead() { return decision }
    if let decision = transaction.responseBody(payload) { return decision }
    return transaction.evaluateResponseBody()
  }
}

private enum MessageText {
  static let contentType = Array("Content-Type".utf8)
  static let textPlain = Array("text/plain".utf8)
}
