/// Checks policies against a schema, as strictly as the language has it: a policy that is valid never fails on a valid
/// request with valid entities, but for arithmetic overflow, missing entities and values that don't fit.
public struct Validator: Sendable {
  private let index: ValidatorIndex

  public init(_ schema: Schema) { index = ValidatorIndex(schema) }

  public var schema: Schema { index.schema }

  /// Checks all policies, templates and links of a set.
  public func validate(_ policies: PolicySet) -> ValidationResult {
    var result = ValidationResult()
    for policy in policies.policies + policies.templates {
      if policy.template == nil {
        validate(policy, into: &result)
      } else {
        validateLink(policy, into: &result)
      }
    }
    return result
  }

  /// Checks a policy or a template.
  public func validate(_ policy: Policy) -> ValidationResult {
    var result = ValidationResult()
    validate(policy, into: &result)
    return result
  }

  private func validate(_ policy: Policy, into result: inout ValidationResult) {
    let tree = CheckTree(policy)
    let scope = ScopeCheck(index: index, policy: policy)
    let actions = scope.actions
    var findings = Findings(policy: policy.id)
    if let position = tree.tooDeep {
      findings.add(TypeFinding(position: position, message: "the expression is nested too deep to be checked"))
    }
    for finding in NameCheck(policy, tree, index).findings { findings.add(finding) }
    if let finding = scope.listFinding { findings.add(finding) }
    if findings.list.isEmpty { checkApplies(scope, actions, into: &findings) }
    var mayApply = false
    for action in actions {
      for principal in action.principals where scope.admits(principal: principal) {
        for resource in action.resources where scope.admits(resource: resource) {
          var checker = TypeChecker(tree, index, action: action, principal: principal, resource: resource)
          if checker.checkConditions() { mayApply = true }
          for finding in checker.findings { findings.add(finding, in: checker.environment) }
        }
      }
    }
    if findings.list.isEmpty, !mayApply {
      result.warnings.append(
        ValidationFinding(
          policy: policy.id, position: policy.position,
          message: "the policy never applies: it is false for all requests"))
    }
    result.findings += findings.list
  }

  /// A link was checked with its template: all that is left are the entities in the slots.
  private func validateLink(_ policy: Policy, into result: inout ValidationResult) {
    let scope = ScopeCheck(index: index, policy: policy)
    var findings = Findings(policy: policy.id)
    for constraint in [policy.principal, policy.resource] {
      guard let type = constraint.entity?.type, !type.isActionType, schema.entityTypes[type] == nil else { continue }
      findings.add(
        TypeFinding(
          position: policy.position, message: "the entity type `\(type)` is not declared",
          expected: index.similarTypes(to: type)))
    }
    if findings.list.isEmpty { checkApplies(scope, scope.actions, into: &findings) }
    result.findings += findings.list
  }

  private func checkApplies(_ scope: ScopeCheck, _ actions: [SchemaAction], into findings: inout Findings) {
    guard !scope.appliesToAny(actions) else { return }
    findings.add(
      TypeFinding(
        position: scope.policy.position, message: "no action applies to what the scope admits",
        expected: "an action with principal and resource types that the scope admits"))
  }
}

extension EntityConstraint {
  fileprivate var entity: EntityUID? {
    switch self {
    case .equal(.entity(let uid)), .in(.entity(let uid)), .isTypeIn(_, .entity(let uid)): uid
    default: nil
    }
  }
}

/// The findings of one policy: the same one once, for the first environment.
private struct Findings {
  let policy: PolicyID
  private(set) var list: [ValidationFinding] = []
  private var seen: Set<TypeFinding> = []

  init(policy: PolicyID) { self.policy = policy }

  mutating func add(_ finding: TypeFinding, in environment: RequestEnvironment? = nil) {
    guard seen.insert(finding).inserted else { return }
    list.append(
      ValidationFinding(
        policy: policy, position: finding.position, environment: environment, message: finding.message,
        expected: finding.expected))
  }
}
