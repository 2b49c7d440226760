package import Cedar

/// What came of one policy, as `sluice policy eval --explain` prints it.
package struct PolicyExplanation: Encodable, Equatable {
  package enum Outcome: String, Encodable {
    case satisfied
    case outOfScope
    case conditionFailed
    case failed
  }

  package var policy: String
  package var effect: String
  package var outcome: Outcome
  /// In words, when it did not hold.
  package var why: String?
  /// `file:line:column` of what did not hold.
  package var at: String?

  package init(_ outcome: PolicyOutcome, file: String) {
    policy = outcome.policy.text
    effect = outcome.effect.rawValue
    func place(_ position: SourcePosition) -> String? { position == .none ? nil : "\(file):\(position)" }
    switch outcome.outcome {
    case .satisfied: self.outcome = .satisfied
    case .outOfScope(let variable):
      self.outcome = .outOfScope
      why = "it is about another \(variable.rawValue)"
    case .conditionFailed(.when, let clause):
      self.outcome = .conditionFailed
      why = "this is false: \(clause)"
      at = place(clause.position)
    case .conditionFailed(.unless, let clause):
      self.outcome = .conditionFailed
      why = "this is true, after `unless`: \(clause)"
      at = place(clause.position)
    case .failed(let error):
      self.outcome = .failed
      why = error.message
      at = place(error.position)
    }
  }

  static func list(_ explanation: Cedar.Explanation, files: [PolicyID: String]) -> [PolicyExplanation] {
    explanation.policies.map { PolicyExplanation($0, file: files[$0.policy] ?? "") }
  }
}
