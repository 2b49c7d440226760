/// What a validator found in a set of policies.
public struct ValidationResult: Sendable, Hashable {
  /// What is wrong, policy by policy in the order of the set.
  public internal(set) var findings: [ValidationFinding] = []
  /// What is right, but hardly meant: policies that never apply.
  public internal(set) var warnings: [ValidationFinding] = []

  /// Whether nothing is wrong; warnings do not count.
  public var isValid: Bool { findings.isEmpty }
}

/// One thing that is wrong with a policy.
public struct ValidationFinding: Sendable, Hashable, CustomStringConvertible {
  public var policy: PolicyID
  public var position: SourcePosition
  /// The first request environment in which it is wrong; nil for what is wrong whatever the environment.
  public var environment: RequestEnvironment?
  /// What is wrong, in lower case, with what was found in backticks.
  public var message: String
  /// What would be right.
  public var expected: String?

  /// `policy, line:column: message; expected …, for …`.
  public var description: String {
    let place = position == .none ? "" : " at \(position)"
    return "`\(policy)`\(place): \(message)" + (expected.map { "; expected \($0)" } ?? "")
      + (environment.map { " (for \($0))" } ?? "")
  }
}

/// Types of principal and resource with an action that applies to them: policies are checked for each of them.
public struct RequestEnvironment: Sendable, Hashable, CustomStringConvertible {
  public var principal: Name
  public var action: EntityUID
  public var resource: Name

  public var description: String { "principal `\(principal)`, action `\(action)`, resource `\(resource)`" }
}
