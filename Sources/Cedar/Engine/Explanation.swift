/// Why a request was answered as it was: what came of each policy.
public struct Explanation: Sendable, Hashable {
  public var decision: Decision
  /// In the order of the engine's policies.
  public var policies: [PolicyOutcome]
}

/// What came of one policy.
public struct PolicyOutcome: Sendable, Hashable {
  public enum Outcome: Sendable, Hashable {
    /// It holds.
    case satisfied
    /// The scope asks for another principal, action or resource: the first that differs.
    case outOfScope(Variable)
    /// A condition did not hold: the first clause, and in it the first part of a conjunction that was false (of `unless`,
    /// the clause itself).
    case conditionFailed(Condition.Kind, clause: Expression)
    case failed(PolicyError)
  }

  public var policy: PolicyID
  public var effect: Effect
  public var outcome: Outcome
}

extension PolicyEngine {
  /// Explains the answer to a request, with all policies.
  public func explain(_ request: Request, mode: ErrorMode = .skip) -> Explanation {
    let frame = RequestFrame()
    frame.fill(self, request)
    return explain(frame, mode: mode)
  }

  /// Explains the answer to the frame's request; allocates.
  /// - Parameter limit: policies that are looked at, those whose scope applies first.
  public func explain(_ frame: RequestFrame, mode: ErrorMode = .skip, limit: Int = .max) -> Explanation {
    decide(frame, mode: mode)
    let decision = decision(frame)
    var numbers = Array(policies.indices)
    if limit < numbers.count {
      var seen: Set<UInt32> = []
      numbers = frame.outcome.candidates.filter { seen.insert($0).inserted }.prefix(limit).map { Int($0) }.sorted()
    }
    let outcomes = frame.withEvaluator(self) { evaluator in
      numbers.map { number in
        PolicyOutcome(
          policy: policies[number].id, effect: policies[number].effect,
          outcome: outcome(UInt32(truncatingIfNeeded: number), evaluator, frame))
      }
    }
    return Explanation(decision: decision, policies: outcomes)
  }

  private func outcome(
    _ number: UInt32, _ evaluator: borrowing Evaluator, _ frame: RequestFrame
  ) -> PolicyOutcome.Outcome {
    let policy = program.policies[Int(number)]
    let scope: [(Variable, Bool)] = [
      (.principal, evaluator.fits(policy.principal, evaluator.principal, policy.principalEntity, policy.principalType)),
      (.action, evaluator.fitsAction(policy)),
      (.resource, evaluator.fits(policy.resource, evaluator.resource, policy.resourceEntity, policy.resourceType)),
    ]
    if let different = scope.first(where: { !$0.1 }) { return .outOfScope(different.0) }
    do {
      for (index, condition) in policies[Int(number)].conditions.enumerated() {
        let node = evaluator.operands[Int(policy.conditions) + index] & ~Program.unlessBit
        guard try evaluator.bool(node) == (condition.kind == .unless) else { continue }
        if condition.kind == .unless { return .conditionFailed(.unless, clause: condition.body) }
        return .conditionFailed(.when, clause: try falsePart(of: condition.body, node, evaluator))
      }
      return .satisfied
    } catch { return .failed(policyError(error, in: number, frame)) }
  }

  /// The first operand of a conjunction that is false, as deep as conjunctions go.
  private func falsePart(
    of expression: Expression, _ node: UInt32, _ evaluator: borrowing Evaluator
  ) throws(EvaluationFault) -> Expression {
    let compiled = program.nodes[Int(node)]
    guard case .and(let operands) = expression.kind, compiled.operation == .and, Int(compiled.b) == operands.count
    else {
      return expression
    }
    for (index, operand) in operands.enumerated() {
      let node = evaluator.operands[Int(compiled.a) + index]
      guard try evaluator.bool(node) else { return try falsePart(of: operand, node, evaluator) }
    }
    return expression
  }

  // MARK: Errors

  func policyError(_ fault: EvaluationFault, in policy: UInt32, _ frame: RequestFrame) -> PolicyError {
    PolicyError(
      policy: policies[Int(policy)].id, kind: fault.kind.errorKind,
      position: Int(fault.node) < program.positions.count ? program.positions[Int(fault.node)] : .none,
      message: message(fault, frame))
  }

  private func message(_ fault: EvaluationFault, _ frame: RequestFrame) -> String {
    let node = program.nodes[Int(fault.node)]
    let entity = frame.uid(fault.entity).map { "`\($0)`" } ?? "the entity"
    let name = { self.entities.storage.lineage.attributes.name(node.b) ?? "" }
    switch fault.kind {
    case .type where fault.expected == .record: return "\(fault.found.typeName) has no attributes"
    case .type: return "expected \(fault.expected.typeName), found \(fault.found.typeName)"
    case .notComparable: return "expected long, datetime or duration, found \(fault.found.typeName)"
    case .overflow: return "the result does not fit in 64 bits"
    case .noSuchEntity: return "nothing is known of \(entity)"
    case .noSuchAttribute where fault.entity == .max: return "the record has no attribute `\(name())`"
    case .noSuchAttribute: return "\(entity) has no attribute `\(name())`"
    case .noSuchTag: return "\(entity) has no such tag"
    case .malformedExtension: return "the string is none that the constructor takes"
    case .arity: return "the function takes another number of arguments"
    case .unlinkedSlot: return "the slot is not filled"
    case .scratchExhausted, .tooLarge: return "the values are too large"
    }
  }
}
