package import Access
import Cedar
import Industrial
package import Proxy
package import SluiceModel
import Wire

/// `access`: asks the policies for every request and every operation: may this principal do this to this resource?
///
/// What no policy permits is refused, and what one forbids is refused whatever others permit: with 403, an operation with
/// exception 01 (illegal function). An operation passes only when every point that it touches, and what it touches beside
/// them, is permitted. `mode: detect` records what would be refused and lets it pass. A policy that forbids and can't be
/// evaluated refuses, unless `onPolicyError: skip` says otherwise.
///
/// ```yaml
/// - access: { mode: block, onPolicyError: deny }
/// ```
package final class AccessFilter: Filter {
  static let description = FilterDescription(
    name: "access", points: [.requestHead, .operation], posture: .hostileClients, maturity: .experimental)

  package let name = "access"
  package let points: FilterPoints = [.requestHead, .operation]
  let snapshot: PolicySnapshot
  let desk: AccessDesk
  let errorMode: PolicyEngine.ErrorMode
  private let mode: GuardMode
  private let listener: String
  private let environment: FilterEnvironment
  /// Of the request or operation before, which mostly are those of the next.
  private var route: (name: LogName?, entity: EntityID?) = (nil, nil)
  private var asset: (name: String, entities: AssetEntities?) = ("", nil)

  package init(
    _ configuration: AccessFilterConfiguration, environment: FilterEnvironment, snapshot: PolicySnapshot
  ) {
    self.snapshot = snapshot
    self.environment = environment
    desk = environment.shared { AccessDesk() }
    mode = configuration.mode
    errorMode = configuration.onPolicyError == .deny ? .deny : .skip
    listener = environment.listener
  }

  // MARK: Requests

  package func requestHead(_ exchange: Exchange) -> FilterAction {
    let bytes = exchange.requestBytes
    let head = exchange.request
    let action = exchange.opensWebSocket ? HTTPAction.webSocket : HTTPAction(head.method)
    let caller = Caller(
      client: exchange.client, tls: exchange.tls, listener: listener,
      unixMilliseconds: exchange.id.unixMilliseconds)
    let route = entity(of: exchange.routeName)
    let isAllowed = exchange.withPath { path in
      desk.decider.request(
        snapshot, caller, action, route: route, method: bytes.span.extracting(0..<head.methodLength),
        host: bytes.span.extracting(head.hostRange), path: path, mode: errorMode)
    }
    record(isAllowed) { exchange.record($0) }
    guard !isAllowed, mode == .block else { return .next }
    return .reply(LocalReply(status: 403, detail: "Access is denied."))
  }

  private func entity(of name: LogName?) -> EntityID? {
    guard route.name !== name else { return route.entity }
    route = (name, name.flatMap { snapshot.route($0.text) })
    return route.entity
  }

  // MARK: Operations

  package func operation(_ operation: OperationExchange) -> FilterAction {
    switch operation.message {
    case .modbus(let request): decide(request, operation)
    }
  }

  private func decide(_ request: ModbusRequest, _ operation: OperationExchange) -> FilterAction {
    if asset.name != operation.asset { asset = (operation.asset, snapshot.asset(operation.asset)) }
    guard let entities = asset.entities else {
      operation.record(
        Finding(source: name, rule: "unavailable", verdict: .block, reason: "the policies do not know the asset"))
      return .reply(LocalReply(status: 403, detail: ""))
    }
    let caller = Caller(
      client: operation.client, tls: operation.tls, listener: listener, unixMilliseconds: operation.id.unixMilliseconds)
    let isAllowed = desk.decider.request(snapshot, caller, request, on: entities, mode: errorMode) { part, isAllowed in
      record(isAllowed, matched: isAllowed ? nil : part.target) { finding in
        // A policy that allows many parts is named once.
        guard !(finding.verdict == .allow && operation.trace.findings.contains(finding)) else { return }
        operation.record(finding)
      }
      return isAllowed
    }
    guard !isAllowed, mode == .block else { return .next }
    return .reply(LocalReply(status: 403, detail: ""))
  }

  // MARK: Findings

  /// Records what the last question came to.
  private func record(_ isAllowed: Bool, matched: String? = nil, _ record: (Finding) -> Void) {
    let frame = desk.decider.frame
    let verdict: Verdict = isAllowed ? .allow : mode == .block ? .block : .detect
    for index in frame.reasons.prefix(Limits.decidingPolicies) {
      let text = snapshot.texts[Int(index)]
      record(
        Finding(
          source: name, rule: text.rule, verdict: verdict, reason: text.reason, matched: matched, place: text.place))
    }
    let isToldByErrors = frame.hasErrors && recordErrors(verdict, matched, record)
    guard !isAllowed, frame.reasons.isEmpty, !isToldByErrors else { return }
    recordRefusal(verdict, matched, record)
  }

  /// Policies that can't be evaluated are wrong, or entities are: whoever wrote them has to know.
  /// - Returns: whether one of them is why it is refused.
  private func recordErrors(_ verdict: Verdict, _ matched: String?, _ record: (Finding) -> Void) -> Bool {
    let frame = desk.decider.frame
    var decides = false
    let errors = snapshot.engine.decision(frame).errors.compactMap { error in
      snapshot.text(of: error.policy).map { (error, $0) }
    }
    // Those that decide come first, so that there is room for them.
    let sorted = errors.filter { $0.1.isForbid } + errors.filter { !$0.1.isForbid }
    for (error, text) in sorted.prefix(Limits.decidingPolicies) {
      let isDeciding = frame.isDeniedByError && text.isForbid
      if isDeciding { decides = true }
      record(
        Finding(
          source: name, rule: text.rule, verdict: isDeciding ? verdict : .allow,
          reason: "the policy can't be evaluated: \(error.message)", matched: isDeciding ? matched : nil,
          place: text.place(error.position)))
    }
    return decides
  }

  /// No policy decided: tells which came near, as far as there is time for that.
  private func recordRefusal(_ verdict: Verdict, _ matched: String?, _ record: (Finding) -> Void) {
    let isTooLarge = desk.decider.frame.isDeniedByError
    let began = environment.nowNanoseconds
    var finding = Finding(
      source: name, rule: "default", verdict: verdict,
      reason: isTooLarge ? "it is too large to be decided" : "no policy permits it", matched: matched)
    if !isTooLarge, desk.explanations.mayBegin(at: began) {
      finding.nearest = desk.decider.nearestPermits(snapshot, mode: errorMode)
      desk.explanations.ended(began: began, now: environment.nowNanoseconds)
    }
    record(finding)
  }
}

extension HTTPAction {
  init(_ method: HTTPMethod) {
    switch method {
    case .get: self = .get
    case .head: self = .head
    case .options: self = .options
    case .trace: self = .trace
    case .post: self = .post
    case .put: self = .put
    case .patch: self = .patch
    case .delete: self = .delete
    case .other: self = .other
    }
  }
}
