package import Cedar
package import SluiceModel

extension Decider {
  /// Past so many policies, only those are looked at whose scope may apply.
  private static let explainedPolicies = 8_192

  /// Why the policies that come nearest to permitting the last question do not: first those whose scope fits, then those
  /// that are for another principal, resource or action, and fit otherwise. Allocates.
  /// - Returns: nil when there are too many policies to say that none comes near.
  package func nearestPermits(_ snapshot: PolicySnapshot, mode: PolicyEngine.ErrorMode) -> [NearPolicy]? {
    let engine = snapshot.engine
    let question = Question(frame)
    let explanation = engine.explain(frame, mode: mode, limit: Self.explainedPolicies)
    var found: [(rank: Int, index: Int, outcome: PolicyOutcome.Outcome)] = []
    for outcome in explanation.policies where outcome.effect == .permit {
      guard let index = snapshot.index(of: outcome.policy),
        let rank = question.rank(engine.policies[index], outcome.outcome)
      else { continue }
      found.append((rank, index, outcome.outcome))
    }
    if found.isEmpty, engine.policies.count > Self.explainedPolicies { return nil }
    found.sort { ($0.rank, $0.index) < ($1.rank, $1.index) }
    return found.prefix(Limits.nearestPolicies).map { near in
      let text = snapshot.texts[near.index]
      let (reason, position) = question.lack(of: engine.policies[near.index], near.outcome)
      return NearPolicy(policy: text.rule, place: text.place(position), reason: reason)
    }
  }
}

/// What was asked, beside what policies ask for.
private struct Question {
  private let frame: RequestFrame
  private let principal, action, resource: EntityUID?

  init(_ frame: RequestFrame) {
    self.frame = frame
    (principal, action, resource) = (frame.uid(frame.principal), frame.uid(frame.action), frame.uid(frame.resource))
  }

  /// How far a policy is from permitting, 0 the nearest; nil for one that is about something else.
  func rank(_ policy: Policy, _ outcome: PolicyOutcome.Outcome) -> Int? {
    switch outcome {
    case .satisfied: return nil
    case .failed, .conditionFailed: return 0
    case .outOfScope: break
    }
    switch (
      fits(policy.principal, frame.principal, principal), fits(policy.resource, frame.resource, resource),
      fits(policy.action)
    ) {
    case (false, true, true): return 1
    case (true, false, true): return 2
    case (true, true, false): return 3
    default: return nil
    }
  }

  private func fits(_ constraint: EntityConstraint, _ entity: EntityID, _ uid: EntityUID?) -> Bool {
    switch constraint {
    case .any: true
    case .equal(.entity(let other)): uid == other
    case .in(.entity(let group)): frame.isIn(entity, group)
    case .isType(let type): uid?.type == type
    case .isTypeIn(let type, .entity(let group)): uid?.type == type && frame.isIn(entity, group)
    case .equal(.slot), .in(.slot), .isTypeIn(_, .slot): false
    }
  }

  private func fits(_ constraint: ActionConstraint) -> Bool {
    switch constraint {
    case .any: true
    case .equal(let other): action == other
    case .in(let group): frame.isIn(frame.action, group)
    case .inAny(let groups): groups.contains { frame.isIn(frame.action, $0) }
    }
  }

  // MARK: Words

  /// What a policy lacks for permitting, and where in the policy.
  func lack(of policy: Policy, _ outcome: PolicyOutcome.Outcome) -> (reason: String, position: SourcePosition) {
    switch outcome {
    case .satisfied: return ("it applies", .none)
    case .failed(let error): return ("it can't be evaluated: \(error.message)", error.position)
    case .conditionFailed(.when, let clause): return ("`when` does not hold: `\(clause)`", clause.position)
    case .conditionFailed(.unless, let clause): return ("`unless` holds: `\(clause)`", clause.position)
    case .outOfScope: break
    }
    if !fits(policy.principal, frame.principal, principal) { return (words(policy.principal, principal), .none) }
    if !fits(policy.resource, frame.resource, resource) { return (words(policy.resource, resource), .none) }
    return (words(policy.action), .none)
  }

  private func words(_ constraint: EntityConstraint, _ uid: EntityUID?) -> String {
    let subject = uid.map { "`\($0)`" } ?? "it"
    return switch constraint {
    case .equal(.entity(let other)): "\(subject) is not `\(other)`"
    case .in(.entity(let group)): "\(subject) is not in `\(group)`"
    case .isTypeIn(let type, .entity(let group)) where uid?.type == type: "\(subject) is not in `\(group)`"
    case .isType(let type), .isTypeIn(let type, _): "\(subject) is no `\(type)`"
    case .any, .equal(.slot), .in(.slot): "\(subject) is another"
    }
  }

  private func words(_ constraint: ActionConstraint) -> String {
    let subject = action.map { "`\($0)`" } ?? "it"
    return switch constraint {
    case .any: "\(subject) is another"
    case .equal(let other): "\(subject) is not `\(other)`"
    case .in(let group): "\(subject) is not in `\(group)`"
    case .inAny(let groups):
      "\(subject) is in none of \(groups.prefix(4).map { "`\($0)`" }.joined(separator: ", "))"
    }
  }
}
