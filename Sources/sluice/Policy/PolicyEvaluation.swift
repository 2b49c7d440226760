package import Cedar

/// One request with all that it is decided with, as texts.
package struct PolicyEvaluation {
  package var policies: [PolicyFile]
  package var entities: PolicyFile
  package var request: PolicyFile
  package var schema: PolicyFile?

  package init(policies: [PolicyFile], entities: PolicyFile, request: PolicyFile, schema: PolicyFile? = nil) {
    self.policies = policies
    self.entities = entities
    self.request = request
    self.schema = schema
  }

  /// Decides. What can't be read is in the report, too.
  package func report(mode: PolicyEngine.ErrorMode, explains: Bool) -> PolicyReport {
    do throws(PolicyProblem) {
      let schema: Cedar.Schema? =
        if let schema { try PolicyInput.schema(schema.bytes, file: schema.name) } else { nil }
      let collection = try PolicyCollection(policies)
      let store = try PolicyInput.entities(entities.bytes, file: entities.name, schema: schema)
      let request = try PolicyInput.request(request.bytes, file: request.name, schema: schema)
      let engine = try Self.engine(collection.set, store, policies.first?.name ?? "")
      var report = PolicyReport(engine.decide(request, mode: mode), collection)
      if explains { report.explanation = PolicyExplanation.list(engine.explain(request), files: collection.files) }
      return report
    } catch {
      return PolicyReport(error)
    }
  }

  static func engine(
    _ policies: PolicySet, _ entities: EntityStore, _ file: String
  ) throws(PolicyProblem) -> PolicyEngine {
    do {
      return try PolicyEngine(policies, entities: entities)
    } catch {
      throw PolicyProblem(file: file, message: error.description)
    }
  }
}

/// What `sluice policy eval` prints.
package struct PolicyReport: Encodable, Equatable {
  package enum Answer: String, Encodable {
    case allow = "Allow"
    case deny = "Deny"
    /// Something could not be read.
    case noDecision = "NoDecision"
  }

  package var decision: Answer
  /// Policies that decided, sorted.
  package var reason: [String] = []
  /// Policies that could not be evaluated, sorted; without a decision, what could not be read.
  package var errors: [String] = []
  /// The errors in words, with their places.
  package var messages: [String] = []
  /// The `@id` of those policies that have one.
  package var names: [String: String] = [:]
  package var explanation: [PolicyExplanation]?

  package init(_ decision: Decision, _ policies: PolicyCollection) {
    self.decision = decision.isAllowed ? .allow : .deny
    reason = decision.reasons.map(\.text).sorted()
    errors = decision.errors.map(\.policy.text).sorted()
    messages = decision.errors.map { error in
      PolicyProblem(
        file: policies.files[error.policy] ?? "", position: error.position,
        message: "`\(error.policy)`: \(error.message)"
      ).text
    }
    if decision.isDeniedByError { messages.append("denied, because a `forbid` could not be evaluated") }
    let named = Set(decision.reasons + decision.errors.map(\.policy))
    for policy in policies.set.policies where named.contains(policy.id) {
      if let name = policy.annotation("id"), !name.isEmpty { names[policy.id.text] = name }
    }
  }

  package init(_ problem: PolicyProblem) {
    decision = .noDecision
    errors = [problem.text]
    messages = [problem.text]
  }
}
