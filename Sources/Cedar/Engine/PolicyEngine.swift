/// Policies and entities, ready to decide. Immutable: a change makes another engine, which shares with this one what did
/// not change.
public final class PolicyEngine: Sendable {
  /// What is decided with; indexes of a frame's decision refer to it.
  public let policies: [Policy]
  /// The entities, with numbers for all that policies name: derive changed ones from these.
  public let entities: EntityStore
  let program: Program
  let index: PolicyIndex

  /// What happens when a policy can't be evaluated.
  public enum ErrorMode: Sendable, Hashable {
    /// It is left out, as the language says.
    case skip
    /// As with `skip`, but a `forbid` that can't be evaluated denies.
    case deny
  }

  /// Compiles policies; templates without links decide nothing.
  /// - Throws: when there are too many.
  public convenience init(_ policies: PolicySet, entities: EntityStore) throws(PolicyEngineError) {
    try self.init(policies: policies.policies, entities: entities)
  }

  package init(policies: [Policy], entities: EntityStore) throws(PolicyEngineError) {
    let (program, storage) = try Compiler.compile(policies, entities: entities.storage)
    self.policies = policies
    self.program = program
    self.entities = EntityStore(storage)
    index = PolicyIndex(program)
  }

  private init(_ other: PolicyEngine, entities: EntityStore) {
    policies = other.policies
    program = other.program
    index = other.index
    self.entities = entities
  }

  /// The engine with changed entities, which have to come from this engine's own by `replacing` and `removing`; others
  /// compile the policies anew.
  public func with(_ entities: EntityStore) throws(PolicyEngineError) -> PolicyEngine {
    guard entities.storage.extends(self.entities.storage) else {
      return try PolicyEngine(policies: policies, entities: entities)
    }
    return PolicyEngine(self, entities: entities)
  }

  /// The engine with this entity in the place of the one that had its name, or beside the others.
  /// - Throws: when the entity would be its own ancestor.
  public func replacing(_ entity: Entity) throws(EntityStoreError) -> PolicyEngine {
    PolicyEngine(self, entities: try entities.replacing(entity))
  }

  // MARK: Handles

  /// Nil when neither the entities nor the policies name it.
  public func entityID(_ uid: EntityUID) -> EntityID? {
    entities.storage.number(uid).map { EntityID(number: $0) }
  }

  public func entityTypeID(_ name: Name) -> EntityTypeID {
    EntityTypeID(number: entities.storage.lineage.types.number(name.text))
  }

  public func attributeID(_ name: String) -> AttributeID {
    AttributeID(number: entities.storage.lineage.attributes.number(name))
  }

  // MARK: Decisions

  /// Decides about the frame's request, which has to be one of this engine. What it came to is in the frame.
  /// - Parameter usesIndex: whether only policies whose scope may apply are looked at; the answer is the same.
  @discardableResult
  public func decide(_ frame: RequestFrame, mode: ErrorMode = .skip, usesIndex: Bool = true) -> Bool {
    // Taken out of the frame meanwhile, so that nothing has to be checked at each access.
    var outcome = FrameOutcome()
    swap(&outcome, &frame.outcome)
    outcome.reset()
    if frame.engine === self, !frame.isOverfull {
      frame.withEvaluator(self) { evaluator in
        if usesIndex {
          index.forEachCandidate(evaluator) { outcome.candidates.append($0) }
        } else {
          for policy in policies.indices { outcome.candidates.append(UInt32(truncatingIfNeeded: policy)) }
        }
        for policy in outcome.candidates { consider(policy, evaluator, &outcome) }
      }
      outcome.finish(mode, program, hasRepeats: usesIndex && index.hasRepeats)
    } else {
      outcome.isDeniedByError = true
    }
    swap(&outcome, &frame.outcome)
    return frame.outcome.isAllowed
  }

  @inline(__always)
  private func consider(_ number: UInt32, _ evaluator: borrowing Evaluator, _ outcome: inout FrameOutcome) {
    let policy = evaluator.policies[Int(number)]
    guard evaluator.isInScope(policy) else { return }
    do {
      for condition in policy.conditions..<(policy.conditions &+ policy.conditionCount) {
        let node = evaluator.operands[Int(condition)]
        let isUnless = node & Program.unlessBit != 0
        if try evaluator.bool(node & ~Program.unlessBit) == isUnless { return }
      }
    } catch {
      outcome.faults.append((number, error))
      return
    }
    if policy.isForbid { outcome.forbids.append(number) } else { outcome.permits.append(number) }
  }

  /// Decides about a request.
  public func decide(_ request: Request, mode: ErrorMode = .skip, usesIndex: Bool = true) -> Decision {
    let frame = RequestFrame()
    frame.fill(self, request)
    decide(frame, mode: mode, usesIndex: usesIndex)
    return decision(frame)
  }

  /// What the frame's last decision came to, with names and messages; allocates.
  public func decision(_ frame: RequestFrame) -> Decision {
    Decision(
      isAllowed: frame.isAllowed, reasons: frame.reasons.map { policies[Int($0)].id },
      errors: frame.outcome.faults.map { policyError($0.fault, in: $0.policy, frame) },
      isDeniedByError: frame.isDeniedByError)
  }
}

/// Policies that can't be made an engine of.
public enum PolicyEngineError: Error, Sendable, Hashable, CustomStringConvertible {
  case tooManyPolicies

  public var description: String { "there are too many policies, or they are too long" }
}

/// The answer to a request.
public struct Decision: Sendable, Hashable {
  public var isAllowed: Bool
  /// The policies that decided: all `forbid` ones that hold, else all `permit` ones; empty when none holds.
  public var reasons: [PolicyID]
  /// Policies that could not be evaluated.
  public var errors: [PolicyError]
  /// Whether it was denied because a `forbid` could not be evaluated, or the request was too large.
  public var isDeniedByError = false
}

extension Evaluator {
  @inline(__always)
  func isInScope(_ policy: Program.CompiledPolicy) -> Bool {
    fits(policy.principal, principal, policy.principalEntity, policy.principalType)
      && fitsAction(policy)
      && fits(policy.resource, resource, policy.resourceEntity, policy.resourceType)
  }

  @inline(__always)
  func fits(
    _ scope: Program.CompiledPolicy.Scope, _ entity: UInt32, _ wanted: UInt32, _ wantedType: UInt32
  ) -> Bool {
    switch scope {
    case .any: true
    case .equal: entity == wanted
    case .isIn: isIn(entity, wanted)
    case .isType: type(of: entity) == wantedType
    case .isTypeIn: type(of: entity) == wantedType && isIn(entity, wanted)
    case .isInAny: false
    }
  }

  @inline(__always)
  func fitsAction(_ policy: Program.CompiledPolicy) -> Bool {
    guard policy.action == .isInAny else { return fits(policy.action, action, policy.actionEntity, 0) }
    for operand in policy.actionEntity..<(policy.actionEntity &+ policy.actionCount)
    where isIn(action, operands[Int(operand)]) { return true }
    return false
  }
}
