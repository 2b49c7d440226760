import Industrial
public import Proxy
public import SluiceModel

/// `operations`: the static guard of an industrial listener. It can only deny, and runs before policy.
///
/// A request passes when every operation in it is permitted by a line of `allow`: all that the line gives must hold, units,
/// functions or classes, every address and every written value. Everything else is answered with exception 01 (illegal
/// function); with `mode: detect` it is recorded and passes.
///
/// ```yaml
/// - operations:
///     allow:
///       - { units: [1], classes: [read] }
///       - { units: [1], functions: [6, 16], addresses: [100-119], values: 0-8500 }
/// ```
public final class OperationsFilter: Filter {
  static let description = FilterDescription(
    name: "operations", points: .operation, posture: .hostileClients, maturity: .stable)

  public let name = "operations"
  public let points: FilterPoints = .operation
  private let modbus: ModbusOperationGuard
  private let mode: GuardMode

  public init(_ configuration: OperationsFilterConfiguration) {
    mode = configuration.mode
    modbus = ModbusOperationGuard(
      configuration.allow.map { line in
        var rule = ModbusGuardRule()
        rule.units = line.units
        rule.classes = line.classes.compactMap { IndustrialOperationClass(rawValue: $0.rawValue) }
        rule.functions = line.functions
        rule.addresses = line.addresses
        rule.values = line.values
        return rule
      })
  }

  public func operation(_ operation: OperationExchange) -> FilterAction {
    switch operation.message {
    case .modbus(let request): decide(modbus.evaluate(request), operation)
    }
  }

  private func decide(_ verdict: ModbusGuardVerdict, _ operation: OperationExchange) -> FilterAction {
    switch verdict {
    case .permit: return .next
    case .deny(let denial):
      let rule = denial.ruleIndex.map { "allow[\($0)].\(denial.clause)" } ?? "allow"
      operation.record(
        Finding(
          source: name, rule: rule, verdict: mode == .block ? .block : .detect, reason: denial.description,
          matched: denial.operation.target))
      return mode == .block ? .reply(LocalReply(status: 403, detail: "")) : .next
    }
  }
}
